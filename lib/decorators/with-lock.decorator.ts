import { Inject, UseInterceptors } from '@nestjs/common';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import { toTransportError } from '../interceptors/transport-error.js';
import { WithLockInterceptor } from '../interceptors/with-lock.interceptor.js';
import type { MissingParts } from '../interfaces/key-template.type.js';
import type { LockKey, WithLockOptions } from '../interfaces/with-lock-options.interface.js';
import { checkOptions, LOCK_OPTION_RULES, oneOf, type OptionRules } from '../lock-options.js';
import { printValue } from '../print-value.js';
import { checkName } from '../redis-lock.options.js';
import { getRedisLockToken } from '../redis-lock.tokens.js';
import { CoveredCall } from '../with-lock/covered-call.js';
import { addLockedMethod, addToClass, lockedMethodsOf, type LockedMethod } from '../with-lock/locked-method.js';
import { callLocked } from '../with-lock/plain-call.js';
import { compileKey } from '../with-lock/resolve-key.js';

const WITH_LOCK_RULES: OptionRules = {
  ...LOCK_OPTION_RULES,
  name: () => undefined,
  onBusy: (value) => (typeof value === 'function' ? undefined : oneOf('throw', 'skip')(value)?.concat(', or a function')),
  onBackendError: oneOf('throw', 'skip', 'run'),
  onLost: oneOf('continue', 'reject'),
  until: oneOf('complete', 'return'),
};

/**
 * Nest's mark of a GraphQL field resolver, for which no interceptor runs unless the app says so (`fieldResolverEnhancers`): its client is answered
 * by the plain call. Source: RESOLVER_PROPERTY_METADATA of @nestjs/graphql.
 */
const RESOLVE_FIELD = 'graphql:resolve_property';

/** What a method under `@WithLock()` may return: something that can be waited for. */
type Awaitable = PromiseLike<unknown> | { subscribe(...args: any[]): unknown } | AsyncIterable<unknown> | { getStream(): unknown };

type LockableMethod<Args extends readonly unknown[]> = (...args: [...Args]) => Awaitable;

/** What stands in the error of the compiler. */
type MustFit<Missing> = [Missing] extends [never] ? unknown : { readonly 'the method has no argument for this part of the key': Missing };

type WithLockDecorator<Args extends readonly unknown[], Template extends string = string> = <T extends LockableMethod<Args>>(
  target: object,
  propertyKey: string | symbol,
  descriptor: TypedPropertyDescriptor<T> & MustFit<MissingParts<Template, Parameters<T>>>,
) => TypedPropertyDescriptor<T>;

/**
 * Runs a method under a lock: a handler (controller, resolver, gateway, microservice) or any method of a provider, also when it is called by
 * `@Cron()`, `@OnEvent()`, a queue, or `this.method()`.
 *
 * In a handler the lock is taken after the guards and before the pipes, so the key is made from the raw request. It is held until the method's
 * promise has settled and its Observable or stream has ended. The method's result and errors pass untouched.
 *
 * @param key - a template such as `'order:{params.id}'`, or a function of the call that returns one key or several. In templates: `{params.x}`,
 * `{query.x}`, `{body.x}`, `{user.x}`, `{headers.x}`, `{ip}` (HTTP), `{data.x}` (microservices, WebSockets), `{args.x}` (GraphQL), `{0}`, `{0.x}`
 * (arguments of plain calls; those that the method does not have are an error of the compiler). The arguments of a key function are those of the
 * method: `(ctx: LockKeyContext<[order: Order]>) => …` fits only a method that takes an order.
 * @param options - those of a lock, and what to do when it is busy, cannot be asked for, or is lost.
 * @throws {RedisLockOptionsError} at decoration, when the key or an option is wrong or the decorated thing is no method.
 *
 * @publicApi
 */
export function WithLock<const Template extends string>(key: Template, options?: WithLockOptions): WithLockDecorator<any[], Template>;
export function WithLock<Args extends readonly unknown[] = any[]>(key: LockKey<Args>, options?: WithLockOptions<Args>): WithLockDecorator<Args>;
export function WithLock(key: LockKey, options: WithLockOptions = {}): WithLockDecorator<any[]> {
  const keys = compileKey(key);
  checkOptions(options, WITH_LOCK_RULES, '');
  const { name: serviceName, onBusy = 'throw', onBackendError = 'throw', onLost = 'continue', until = 'complete', ...lockOptions } = options;
  checkName(serviceName);
  return (target, propertyKey, descriptor) => {
    const name = nameOf(target, propertyKey);
    const original = methodOf(target, descriptor, name);
    // Nest names the property in its error when the service is missing.
    const serviceProperty = Symbol(`@WithLock() on ${name}: import RedisLockModule.forRoot()`);
    const method: LockedMethod = {
      target: name,
      serviceProperty,
      explain: (error) => (Reflect.hasMetadata(RESOLVE_FIELD, locked) ? toTransportError('graphql', error) : Promise.resolve(error)),
      keys,
      lockOptions,
      policy: { onBusy, onBackendError, onLost, until, ...(serviceName === undefined ? {} : { name: serviceName }) },
    };
    Inject(getRedisLockToken(serviceName))(target, serviceProperty);
    const locked = lockedProxy(original, method);
    copyMetadata(original, locked);
    const isFirst = lockedMethodsOf(locked).length === 0;
    addLockedMethod(locked, method);
    addToClass(target, method);
    descriptor.value = locked;
    if (isFirst) UseInterceptors(WithLockInterceptor)(target, propertyKey, descriptor);
    return descriptor;
  };
}

/** A Proxy, so that name, length and all other properties stay those of the method. */
function lockedProxy<T extends (...args: any[]) => unknown>(original: T, method: LockedMethod): T {
  return new Proxy(original, {
    apply(fn, self, args: unknown[]) {
      const body = (): unknown => Reflect.apply(fn, self, args);
      const call = CoveredCall.take(method);
      return call === undefined ? callLocked(method, self, args, body) : call.run(body);
    },
  });
}

/** Reflect keeps metadata by the identity of the function, and the Proxy is another one: routes, guards and jobs would be lost. */
function copyMetadata(from: object, to: object): void {
  for (const key of Reflect.getOwnMetadataKeys(from) as unknown[]) Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
}

function nameOf(target: object, propertyKey: string | symbol): string {
  const owner = typeof target === 'function' ? target : target.constructor;
  return `${owner.name}.${String(propertyKey)}`;
}

function methodOf<T extends (...args: any[]) => unknown>(target: object, descriptor: TypedPropertyDescriptor<T> | undefined, name: string): T {
  const refuse = (value: string): RedisLockOptionsError =>
    new RedisLockOptionsError({ option: '@WithLock()', value: `on ${name}, ${value}`, remedy: 'put it on an instance method of a class that Nest makes' });
  if (descriptor === undefined) throw refuse('a property');
  if (descriptor.get !== undefined || descriptor.set !== undefined) throw refuse('an accessor');
  if (typeof target === 'function') throw refuse('a static method, which has no instance to inject the lock service into');
  if (typeof descriptor.value !== 'function') throw refuse(printValue(descriptor.value));
  return descriptor.value;
}
