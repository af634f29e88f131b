import type { ModulesContainer } from '@nestjs/core';
import { isUnanswered, toHttpError } from './transport-error.js';
import { isThenable } from '../thenable.js';
import { isFieldResolver } from '../startup/handler-marks.js';
import { inheritMetadata, shareMetadata } from '../method-metadata.js';

type Resolver = (...args: unknown[]) => unknown;

/** The Proxies that replace resolvers: another app of this process may have replaced those of the class. */
const answering = new WeakSet<object>();

/**
 * Makes field resolvers of GraphQL throw lock errors in the form of GraphQL: Nest asks no filter about fields unless the app says so, and the client gets the
 * message of what they throw. For a filter, if there is one, such an error is an instance of its own class as well.
 */
export function addToFields(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    for (const { metatype, isNotMetatype } of providers.values()) {
      if (isNotMetatype || typeof metatype !== 'function') continue;
      for (let owner = prototypeOf(metatype); owner !== null; owner = Object.getPrototypeOf(owner) as object | null)
        answerFieldsOf(owner);
    }
  }
}

/** The prototype of a provider's class; `null` for an arrow function, which a provider may be as well. */
function prototypeOf({ prototype }: { readonly prototype?: unknown }): object | null {
  return typeof prototype === 'object' ? prototype : null;
}

function answerFieldsOf(owner: object): void {
  for (const key of Reflect.ownKeys(owner)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(owner, key);
    const resolver: unknown = descriptor?.value;
    if (typeof resolver !== 'function' || answering.has(resolver) || !isFieldResolver(resolver)) continue;
    Reflect.defineProperty(owner, key, { ...descriptor, value: answeringProxy(resolver as Resolver) });
  }
}

function answeringProxy(resolver: Resolver): Resolver {
  const proxy = new Proxy(resolver, {
    apply(fn, self, args): unknown {
      try {
        const value: unknown = Reflect.apply(fn, self, args);
        return isThenable(value) ? value.then(undefined, refuse) : value;
      } catch (error) {
        return refuse(error);
      }
    },
  });
  shareMetadata(resolver);
  inheritMetadata(resolver, proxy);
  answering.add(proxy);
  return proxy;
}

function refuse(error: unknown): never {
  throw isUnanswered(error) ? toHttpError('graphql', error) : error;
}
