import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { plainClock } from '../engine/time/clock.js';
import type { RedisLockModuleExtras, RedisLockModuleOptions } from '../interfaces/module-options.interface.js';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import { printValue } from '../options/print-value.js';
import { ConfigurableModuleClass } from '../redis-lock.module-definition.js';
import type { Backend } from '../redis-lock.providers.js';
import { completeApp, prepareApp, withLockService } from '../redis-lock.explorer.js';
import { getRedisLockToken } from '../redis-lock.tokens.js';
import type { RedisLockService } from '../redis-lock.service.js';
import { LockTestControl } from './lock-test-control.js';

/**
 * Options of `RedisLockTestingModule.forRoot()`: those of `RedisLockModule`, without what concerns Redis.
 *
 * @publicApi
 */
export type RedisLockTestingModuleOptions = Omit<
  RedisLockModuleOptions,
  'connection' | 'keyPrefix' | 'commandTimeout'
> &
  RedisLockModuleExtras & {
    /**
     * For tests that do not care: methods under `@WithLock()` run without a lock, their keys are not even made, and `assertLocked()` is content.
     * What is acquired through the service is locked all the same.
     *
     * @default false
     */
    passThrough?: boolean;
  };

/**
 * Stands in for `RedisLockModule` in unit tests: the same service, decorator and semantics (busy, waiting, expiry, loss) on a store in this
 * process, and a `LockTestControl` that makes locks busy, lost or broken. It does not load ioredis. Expiry follows `performance.now()`, so that
 * fake timers move it. At the end of a test no shutdown waits for locks that are still held: `shutdownGrace` is 0 by default.
 *
 * @publicApi
 */
@Module({})
export class RedisLockTestingModule extends ConfigurableModuleClass implements OnModuleInit {
  /** Made by Nest. */
  constructor(private readonly modules: ModulesContainer) {
    super();
    completeApp(modules);
  }

  /**
   * Registers a lock service whose locks live in this process.
   *
   * @param options - those of `RedisLockModule` that do not concern Redis, and `passThrough`. `shutdownGrace` is 0 by default.
   * @returns the module, for `imports`.
   * @throws {RedisLockOptionsError} when an option is wrong, or two modules have one name.
   */
  static override forRoot(options: RedisLockTestingModuleOptions = {}): DynamicModule {
    const { passThrough: isPassThrough = false, ...others } = options;
    if (typeof isPassThrough !== 'boolean') {
      throw new RedisLockOptionsError({
        option: 'passThrough',
        value: printValue(isPassThrough),
        remedy: 'pass true or false',
      });
    }
    let control = new LockTestControl(plainClock);
    const backend = (): Backend => {
      // A module that is compiled again begins with no locks.
      control = new LockTestControl(plainClock);
      return { store: control.store, clock: plainClock, isPassThrough };
    };
    const definition = super.forRoot({ shutdownGrace: 0, ...others });
    const { name } = others;
    const provide = name === undefined ? LockTestControl : LockTestControl.token(name);
    const provider = {
      provide,
      inject: [getRedisLockToken(name)],
      useFactory: (service: RedisLockService) => control.attach(service),
    };
    return withLockService(
      { ...definition, providers: [...(definition.providers ?? []), provider], exports: [provide] },
      others,
      backend,
    );
  }

  /** Called by Nest. */
  onModuleInit(): void {
    prepareApp(this.modules);
  }
}
