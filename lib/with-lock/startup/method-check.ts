import { UseInterceptors } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import { interceptedHandler } from '../handler/intercepted-handler.interceptor.js';
import { WithLockInterceptor } from '../handler/with-lock.interceptor.js';
import type { LockLogger } from '../../redis-lock.logger.js';
import { isSubscription, transportsOf } from './handler-marks.js';
import type { Transport } from '../key/key-source.interface.js';
import { lockedMethodsOf, lockedMethodsOfClass, type LockedMethod } from '../locked-method.js';
import { shareMetadata } from '../method-metadata.js';
import { findPipedPart } from './piped-parts.js';

/** The transports by which a method may be called that is no handler of Nest's own: other packages bring decorators for messages. */
const UNMARKED: readonly Transport[] = ['call', 'rpc', 'ws', 'graphql'];

/** Nest's list of a method's interceptors. Source: INTERCEPTORS_METADATA of @nestjs/common. */
const INTERCEPTORS = '__interceptors__';

/** Completes what a decorator could not do before those above it had run. Now all have, and Nest has not made its routes yet. */
export function completeMethods(modules: ModulesContainer): void {
  for (const object of objectsOf(modules)) {
    for (const { method, called } of methodsOf(object)) {
      if (typeof called !== 'function' || !lockedMethodsOf(called).includes(method)) continue;
      shareMetadata(called);
      const interceptors = (Reflect.getMetadata(INTERCEPTORS, called) ?? []) as readonly unknown[];
      // An interceptor beneath `WithLockInterceptor` may call the handler from elsewhere. Without one, `WithLockInterceptor` itself calls it.
      if (interceptors.includes(interceptedHandler) || interceptors.at(-1) === WithLockInterceptor) continue;
      UseInterceptors(interceptedHandler)(object, method.propertyKey, { value: called });
    }
  }
}

/**
 * Looks at all decorated methods of the app.
 *
 * @throws {RedisLockOptionsError} for a key template that no call of its method can fill, and for a subscription.
 */
export function checkMethods(modules: ModulesContainer, logger: LockLogger): void {
  const hidden = new Set<LockedMethod>();
  const piped = new Set<LockedMethod>();
  for (const object of objectsOf(modules)) {
    for (const { method, called, owner } of methodsOf(object)) {
      if (!isFound(method, called)) hidden.add(method);
      else if (!piped.has(method) && warnOfPipe(method, called, owner, logger)) piped.add(method);
    }
  }
  for (const { target } of hidden) logger.hiddenFromNest(target);
}

/** Warns of a raw part whose value the method gets through a pipe: a client may spell one value in several ways, which would make several keys. */
function warnOfPipe(
  { keys, target, propertyKey }: LockedMethod,
  called: unknown,
  owner: object,
  logger: LockLogger,
): boolean {
  const transports = typeof called === 'function' ? transportsOf(called) : [];
  const part = findPipedPart(keys.parts, transports, owner, propertyKey);
  if (part !== undefined) logger.rawPart(target, part.raw, part.piped);
  return part !== undefined;
}

/** The objects that have the methods of controllers and providers: their prototypes or, where there is no class, themselves. */
function objectsOf(modules: ModulesContainer): Set<object> {
  const objects = new Set<object>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype, instance, isNotMetatype } of [...controllers.values(), ...providers.values()]) {
      const object: unknown = isNotMetatype ? instance : metatype?.prototype;
      if (typeof object === 'object' && object !== null) objects.add(object);
    }
  }
  return objects;
}

/** All decorated methods that an object has and inherits, each with the function that its name calls; not those that are overridden. */
function* methodsOf(
  object: object,
): Iterable<{ readonly method: LockedMethod; readonly called: unknown; readonly owner: object }> {
  const overridden = new Set<string | symbol>();
  for (let owner: object | null = object; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    for (const method of lockedMethodsOfClass(owner)) {
      // Not by reading the property: a getter may have replaced the method, and getters are meant for instances.
      if (!overridden.has(method.propertyKey))
        yield { method, called: Object.getOwnPropertyDescriptor(owner, method.propertyKey)?.value, owner };
    }
    for (const key of Reflect.ownKeys(owner)) overridden.add(key);
  }
}

/** Whether Nest knows of the lock when it calls the method as a handler. */
function isFound(method: LockedMethod, called: unknown): boolean {
  const transports = typeof called === 'function' ? transportsOf(called) : [];
  if (transports.length === 0) {
    refuseMissing(method, UNMARKED, 'use the arguments of the method, as in {0} or {0.id}, or a key function');
    return true;
  }
  if (!lockedMethodsOf(called as object).includes(method)) {
    refuseMissing(
      method,
      ['call'],
      'a decorator above it replaces the method without its metadata; put @WithLock() above that one',
    );
    return false;
  }
  if (isSubscription(called as object))
    throw refusal(
      method,
      'a subscription, which goes on when its lock is over',
      'take the lock in the method, by RedisLockService',
    );
  for (const transport of transports)
    refuseMissing(method, [transport], 'use the parts of its own transport, or a key function');
  return true;
}

function refuseMissing(method: LockedMethod, transports: readonly Transport[], remedy: string): void {
  const missing = transports.map((transport) => method.keys.partMissingIn(transport));
  if (!missing.includes(undefined))
    throw refusal(method, `whose key has {${missing[0] ?? ''}}, which no call of it has`, remedy);
}

function refusal({ target }: LockedMethod, what: string, remedy: string): RedisLockOptionsError {
  return new RedisLockOptionsError({ option: '@WithLock()', value: `on ${target}, ${what}`, remedy });
}
