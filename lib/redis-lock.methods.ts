import type { ModulesContainer } from '@nestjs/core';
import { RedisLockOptionsError } from './errors/redis-lock-options.error.js';
import type { LockLogger } from './redis-lock.logger.js';
import { transportsOf } from './with-lock/handler-marks.js';
import type { Transport } from './with-lock/key-source.interface.js';
import { lockedMethodsOf, lockedMethodsOfClass, type LockedMethod } from './with-lock/locked-method.js';

/** How a method that is no handler of Nest's own may be called: other packages bring decorators of theirs for messages. */
const UNMARKED: readonly Transport[] = ['call', 'rpc', 'ws', 'graphql'];

/**
 * Looks at all decorated methods of the app.
 *
 * @throws {RedisLockOptionsError} for a key template that no call of its method can fill.
 */
export function checkMethods(modules: ModulesContainer, logger: LockLogger): void {
  for (const prototype of prototypesOf(modules)) {
    for (const method of lockedMethodsOfClass(prototype)) check(method, prototype, logger);
  }
}

/** Of controllers and providers, each with those that it inherits from. */
function prototypesOf(modules: ModulesContainer): Set<object> {
  const prototypes = new Set<object>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype, instance, isNotMetatype } of [...controllers.values(), ...providers.values()]) {
      const first: unknown = isNotMetatype ? instance : metatype?.prototype;
      for (let object = first; typeof object === 'object' && object !== null; object = Object.getPrototypeOf(object)) prototypes.add(object);
    }
  }
  return prototypes;
}

function check(method: LockedMethod, prototype: object, logger: LockLogger): void {
  const called = (prototype as Record<string | symbol, unknown>)[method.propertyKey];
  const transports = typeof called === 'function' ? transportsOf(called) : [];
  if (transports.length === 0) return refuseMissing(method, UNMARKED, 'use the arguments of the method, as in {0} or {0.id}');
  if (!lockedMethodsOf(called as object).includes(method)) {
    refuseMissing(method, ['call'], 'a decorator above it replaces the method without its metadata; put @WithLock() above that one');
    return logger.hiddenFromNest(method.target);
  }
  for (const transport of transports) refuseMissing(method, [transport], 'use the parts of its own transport, or a key function');
}

function refuseMissing({ target, keys }: LockedMethod, transports: readonly Transport[], remedy: string): void {
  const missing = transports.map((transport) => keys.partMissingIn(transport));
  if (missing.includes(undefined)) return;
  const value = `on ${target}, whose key has {${missing[0] ?? ''}}, which no call of it has`;
  throw new RedisLockOptionsError({ option: '@WithLock()', value, remedy });
}
