import { plainClock } from '../engine/time/clock.js';
import type { RedisLockModuleOptions } from '../interfaces/module-options.interface.js';
import { MODULE_OPTIONS_TOKEN } from '../redis-lock.module-definition.js';
import { createLocks } from '../redis-lock.providers.js';
import type { RedisLockService } from '../redis-lock.service.js';
import { getRedisLockToken } from '../redis-lock.tokens.js';
import { LockTestControl } from './lock-test-control.js';

/**
 * The part of Nest's `TestingModuleBuilder` that is used.
 *
 * @publicApi
 */
export interface ProviderOverrides {
  /** Begins to replace a provider, by its token. */
  overrideProvider(token: any): {
    /** Says what makes the provider instead. */
    useFactory(options: { factory: (...args: any[]) => any; inject?: any[] }): unknown;
  };
}

/**
 * Options of `useLocksInMemory()`.
 *
 * @publicApi
 */
export interface LocksInMemoryOptions {
  /**
   * Which service, when the app has several: the `name` of its module.
   *
   * @default none: the service without a name
   */
  name?: string;
  /**
   * As of `RedisLockTestingModule`: methods under `@WithLock()` run without their locks.
   *
   * @default false
   */
  passThrough?: boolean;
}

/**
 * Lets a test of a whole app, which imports `RedisLockModule`, run without Redis: `useLocksInMemory(builder)` before `builder.compile()`.
 * The options of the app hold, without what concerns Redis, and `shutdownGrace` is 0 by default. (Nest's `overrideModule()` does nothing
 * for modules that are made by `forRoot()`.)
 *
 * @param builder - what `Test.createTestingModule()` returned.
 * @param options - which service, and whether its locks are wanted at all.
 * @returns what makes the locks busy, lost or broken.
 * @publicApi
 */
export function useLocksInMemory(
  builder: ProviderOverrides,
  { name, passThrough: isPassThrough = false }: LocksInMemoryOptions = {},
): LockTestControl {
  const control = new LockTestControl(plainClock);
  const factory = (given: RedisLockModuleOptions): RedisLockService => {
    const { connection: _connection, keyPrefix: _keyPrefix, commandTimeout: _commandTimeout, ...options } = given;
    const service = createLocks({ shutdownGrace: 0, ...options }, name, () => ({
      store: control.store,
      clock: plainClock,
      isPassThrough,
    }));
    control.attach(service);
    return service;
  };
  builder.overrideProvider(getRedisLockToken(name)).useFactory({ inject: [MODULE_OPTIONS_TOKEN], factory });
  return control;
}
