import type { FactoryProvider } from '@nestjs/common';
import { systemClock } from './engine/clock.js';
import { LockEngine } from './engine/lock-engine.js';
import type { RedisLockModuleOptions } from './interfaces/module-options.interface.js';
import { LockLogger } from './redis-lock.logger.js';
import { MODULE_OPTIONS_TOKEN } from './redis-lock.module-definition.js';
import { resolveOptions, type ResolvedOptions } from './redis-lock.options.js';
import { RedisLockService } from './redis-lock.service.js';
import { getRedisLockToken } from './redis-lock.tokens.js';
import type { LockStore } from './stores/lock-store.interface.js';

export type StoreFactory = (options: ResolvedOptions, logger: LockLogger) => LockStore;

/** Raw options → resolved options → store → engine → service. */
export function createLockProvider(name: string | undefined, createStore: StoreFactory): FactoryProvider<RedisLockService> {
  return {
    provide: getRedisLockToken(name),
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: (options: RedisLockModuleOptions) => createLockService(resolveOptions(options), createStore),
  };
}

function createLockService(options: ResolvedOptions, createStore: StoreFactory): RedisLockService {
  const { maxWaiters, defaults, shutdownGrace } = options;
  const observer = new LockLogger();
  const store = createStore(options, observer);
  const engine = new LockEngine({ store, clock: systemClock, random: Math.random, observer, maxWaiters });
  return new RedisLockService({ engine, store, defaults, shutdownGrace });
}
