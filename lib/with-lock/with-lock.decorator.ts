import { Inject, UseInterceptors } from '@nestjs/common';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import { toTransportError } from './handler/transport-error.js';
import { WithLockInterceptor } from './handler/with-lock.interceptor.js';
import type { Lock } from '../interfaces/lock.interface.js';
import type { LockKey, WithLockOptions } from '../interfaces/with-lock-options.interface.js';
import { checkOptions, freezeChecked, LOCK_OPTION_RULES, oneOf, type OptionRules } from '../options/lock-options.js';
import { printValue } from '../options/print-value.js';
import { checkName } from '../options/module-options.js';
import { getRedisLockToken } from '../redis-lock.tokens.js';
import { InterceptedCall } from './handler/intercepted-call.js';
import { isFieldResolver } from './startup/handler-marks.js';
import { addLockedMethod, addToClass, lockedMethodsOf, type LockedMethod } from './locked-method.js';
import { LockParameters } from './lock-parameters.js';
import { inheritMetadata } from './method-metadata.js';
import { isSyncGenerator, plainCallOf } from './plain/plain-method.js';
import { compileKey } from './key/resolve-key.js';
import type { ArgsOf, TemplateOf, WithLockDecorator, WithLockDecoratorFor } from './with-lock-decorator.type.js';

const WITH_LOCK_RULES: OptionRules = {
  ...LOCK_OPTION_RULES,
  name: () => undefined,
  onBusy: (value) =>
    typeof value === 'function' ? undefined : oneOf('throw', 'skip')(value)?.concat(', or a function'),
  onBackendError: oneOf('throw', 'skip', 'run'),
  onLost: oneOf('continue', 'reject'),
  until: oneOf('complete', 'return'),
};

/**
 * Runs a method under a lock: a handler (controller, resolver, gateway, microservice) or any method of a provider, also when it is called by
 * `@Cron()`, `@OnEvent()`, a queue, or `this.method()`.
 *
 * In a handler a key of its arguments (`{0}`, `{0.id}`, the `args` of a key function) is locked after the pipes, so that one thing has one
 * key however a client spells it; any other key before the pipes, from the raw request. It is held until the method's promise has settled
 * and its Observable or stream has ended. A plain call is locked until its promise has settled, or, for an async generator, from the first
 * value until the iteration has ended or is given up. The method's result and errors pass untouched.
 *
 * @param key - a template such as `'order:{params.id}'`, an array of them (all are taken, or none), or a function of the call that returns
 * one key or several. In templates: `{params.x}`, `{query.x}`, `{body.x}`, `{user.x}`, `{headers.x}`, `{ip}` (HTTP), `{data.x}`
 * (microservices, WebSockets), `{args.x}` (GraphQL), `{0}`, `{0.x}` (arguments of the method; those that it does not have are an error of
 * the compiler). A key function is told of the call; the arguments in it have the types of the method that the decorator stands on. (A
 * decorator that was put into a constant or into `applyDecorators()` does not know its method yet, and is not checked against it.)
 * @param options - those of a lock, and what to do when it is busy, cannot be asked for, or is lost.
 * @throws {RedisLockOptionsError} at decoration, when the key or an option is wrong or the decorated thing is no method.
 *
 * @publicApi
 */
export function WithLock<const Key extends string | readonly string[], Method = unknown>(
  key: Key,
  options?: WithLockOptions<ArgsOf<Method>>,
): WithLockDecorator<Method, TemplateOf<Key>>;
export function WithLock<Method = unknown>(
  key: LockKey<ArgsOf<Method>>,
  options?: WithLockOptions<ArgsOf<Method>>,
): WithLockDecorator<Method>;
export function WithLock<Args extends readonly unknown[]>(
  key: LockKey<Args>,
  options?: WithLockOptions<Args>,
): WithLockDecoratorFor<Args>;
export function WithLock(
  key: LockKey,
  options: WithLockOptions = {},
): (...method: [object, string | symbol, any]) => any {
  const keys = compileKey(key);
  checkOptions(options, WITH_LOCK_RULES, '');
  const {
    name: serviceName,
    onBusy = 'throw',
    onBackendError = 'throw',
    onLost = 'continue',
    until = 'complete',
    ...lockOptions
  } = options;
  checkName(serviceName);
  return (target: object, propertyKey: string | symbol, descriptor: PropertyDescriptor) => {
    assertLegacy(propertyKey);
    const name = nameOf(target, propertyKey);
    const original = methodOf(target, descriptor, name);
    // Nest names the property in its error when the service is missing.
    const serviceProperty = Symbol(`@WithLock() on ${name}: import RedisLockModule.forRoot()`);
    Inject(getRedisLockToken(serviceName))(target, serviceProperty);
    const isLowest = lockedMethodsOf(original).length === 0;
    const method: LockedMethod = {
      target: name,
      propertyKey,
      serviceProperty,
      explain: (error) => explain(target, propertyKey, error),
      keys,
      lockOptions: freezeChecked(lockOptions),
      policy: { onBusy, onBackendError, onLost, until, ...(serviceName === undefined ? {} : { name: serviceName }) },
    };
    const locked = lockedProxy(original, method, new LockParameters(target, propertyKey, isLowest));
    inheritMetadata(original, locked);
    addLockedMethod(locked, method);
    addToClass(target, method);
    descriptor.value = locked;
    // Decorators above this one may read the method from its prototype.
    Object.defineProperty(target, propertyKey, descriptor);
    if (isLowest) UseInterceptors(WithLockInterceptor)(target, propertyKey, descriptor);
    return descriptor;
  };
}

/** Gives an error the form of GraphQL when the method is a field resolver, which Nest calls as a plain method. Looks at the class when an error comes: a decorator above may have replaced the method. */
async function explain(target: object, propertyKey: string | symbol, error: unknown): Promise<unknown> {
  const method: unknown = Object.getOwnPropertyDescriptor(target, propertyKey)?.value;
  return typeof method === 'function' && isFieldResolver(method) ? toTransportError('graphql', error) : error;
}

/** Makes a Proxy of the method, so that name, length and all other properties stay its own. */
function lockedProxy<T extends (...args: any[]) => unknown>(
  original: T,
  method: LockedMethod,
  parameters: LockParameters,
): T {
  const callOutside = plainCallOf(original);
  return new Proxy(original, {
    apply(fn, self, args: unknown[]) {
      const body = (late: Lock | undefined): unknown => Reflect.apply(fn, self, parameters.filled(args, late));
      const call = InterceptedCall.take(method);
      return call === undefined ? callOutside(method, self, args, body) : call.run(args, body);
    },
  });
}

/** Without `experimentalDecorators` a compiler calls decorators as the standard says, with a context in the place of the name. */
function assertLegacy(propertyKey: unknown): void {
  if (typeof propertyKey !== 'object' || propertyKey === null) return;
  const { kind, name } = propertyKey as { readonly kind?: unknown; readonly name?: string | symbol };
  const value = `on the ${String(kind)} ${String(name)}, compiled as a decorator of the standard (TC39)`;
  throw new RedisLockOptionsError({
    option: '@WithLock()',
    value,
    remedy: 'set "experimentalDecorators": true in tsconfig.json, which Nest needs, too',
  });
}

/** The name of the decorated method or, when a class is decorated, of the class. */
function nameOf(target: object, propertyKey: string | symbol | undefined): string {
  const owner = typeof target === 'function' ? target : target.constructor;
  return propertyKey === undefined ? owner.name : `${owner.name}.${String(propertyKey)}`;
}

function methodOf(
  target: object,
  descriptor: PropertyDescriptor | undefined,
  name: string,
): (...args: any[]) => unknown {
  const refuse = (value: string): RedisLockOptionsError =>
    new RedisLockOptionsError({
      option: '@WithLock()',
      value: `on ${name}, ${value}`,
      remedy: 'put it on an instance method of a class that Nest makes',
    });
  if (descriptor === undefined)
    throw refuse(typeof target === 'function' && target.name === name ? 'a class' : 'a property');
  if (descriptor.get !== undefined || descriptor.set !== undefined) throw refuse('an accessor');
  if (typeof target === 'function')
    throw refuse('a static method, which has no instance to inject the lock service into');
  const method: unknown = descriptor.value;
  if (typeof method !== 'function') throw refuse(printValue(method));
  if (isSyncGenerator(method)) throw refuse('a generator, for whose values nobody waits: make it `async *`');
  return method as (...args: any[]) => unknown;
}
