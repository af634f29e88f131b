import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { plainClock } from '../engine/clock.js';
import type { RedisLockModuleExtras, RedisLockModuleOptions } from '../interfaces/module-options.interface.js';
import { ConfigurableModuleClass } from '../redis-lock.module-definition.js';
import { assertUniqueNames, withLockService } from '../redis-lock.module-wiring.js';
import { MemoryStore } from './memory-store.js';

/**
 * Options of `RedisLockTestingModule.forRoot()`: those of `RedisLockModule`, without a connection.
 *
 * @publicApi
 */
export type RedisLockTestingModuleOptions = Omit<RedisLockModuleOptions, 'connection' | 'keyPrefix'> & RedisLockModuleExtras;

/**
 * Stands in for `RedisLockModule` in unit tests: the same service, decorator and semantics (busy, waiting, expiry, loss) on a store in this
 * process. It does not load ioredis. Expiry follows `performance.now()`, so that fake timers move it.
 *
 * @publicApi
 */
@Module({})
export class RedisLockTestingModule extends ConfigurableModuleClass implements OnModuleInit {
  constructor(private readonly modules: ModulesContainer) {
    super();
  }

  /**
   * Registers a lock service whose locks live in this process.
   *
   * @throws {RedisLockOptionsError} when an option is wrong, or two modules have one name.
   */
  static override forRoot(options: RedisLockTestingModuleOptions = {}): DynamicModule {
    return withLockService(super.forRoot(options), options, () => ({ store: new MemoryStore(plainClock), clock: plainClock }));
  }

  /** @internal */
  onModuleInit(): void {
    assertUniqueNames(this.modules);
  }
}
