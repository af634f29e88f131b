import type { FactoryProvider, Provider } from '@nestjs/common';
import { APP_FILTER, ModulesContainer } from '@nestjs/core';
import type { Clock } from './engine/time/clock.js';
import { LockEngine } from './engine/lock-engine.js';
import { addToEvents } from './with-lock/handler/event-answer.js';
import { addToFields } from './with-lock/handler/field-answer.js';
import { RedisLockExceptionFilter } from './with-lock/handler/redis-lock-exception.filter.js';
import { addToGateways } from './with-lock/handler/socket-answer.js';
import type { RedisLockModuleOptions } from './interfaces/module-options.interface.js';
import { registerApp } from './with-lock/startup/late-injection.js';
import { LockLogger } from './redis-lock.logger.js';
import { MODULE_OPTIONS_TOKEN } from './redis-lock.module-definition.js';
import { resolveOptions, type ResolvedOptions } from './options/module-options.js';
import { RedisLockService } from './redis-lock.service.js';
import { getRedisLockToken } from './redis-lock.tokens.js';
import type { LockStore } from './engine/lock-store.interface.js';

/** Where locks live, and by what time. */
export interface Backend {
  readonly store: LockStore;
  readonly clock: Clock;
  /** See `RedisLockServiceInit`. */
  readonly isPassThrough?: boolean;
}

export type BackendFactory = (options: ResolvedOptions, logger: LockLogger) => Backend;

/** Raw options → resolved options → store → engine → service. */
export function createLockProvider(
  name: string | undefined,
  createBackend: BackendFactory,
): FactoryProvider<RedisLockService> {
  return {
    provide: getRedisLockToken(name),
    inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
    useFactory: (options: RedisLockModuleOptions, modules: ModulesContainer) => {
      registerApp(modules);
      return createLocks(options, name, createBackend);
    },
  };
}

/** The filter as one of the whole app, unless the options say that it is not. */
export function createFilterProviders(): Provider[] {
  const global: FactoryProvider<RedisLockExceptionFilter | undefined> = {
    provide: APP_FILTER,
    inject: [MODULE_OPTIONS_TOKEN, RedisLockExceptionFilter, ModulesContainer],
    useFactory: (
      options: RedisLockModuleOptions | undefined,
      filter: RedisLockExceptionFilter,
      modules: ModulesContainer,
    ) => {
      if (options?.exceptionFilter === false) return undefined;
      addToGateways(modules, filter);
      addToFields(modules);
      addToEvents(modules);
      return filter;
    },
  };
  return [RedisLockExceptionFilter, global];
}

/** @throws {RedisLockOptionsError} */
export function createLocks(
  given: RedisLockModuleOptions,
  name: string | undefined,
  createBackend: BackendFactory,
): RedisLockService {
  const options = resolveOptions(given, name);
  const { maxWaiters, quantum, defaults, shutdownGrace } = options;
  const observer = new LockLogger();
  const { store, clock, isPassThrough = false } = createBackend(options, observer);
  if (isPassThrough && process.env.NODE_ENV === 'production') observer.passThrough();
  const engine = new LockEngine({ store, clock, random: Math.random, observer, maxWaiters, quantum });
  return new RedisLockService({ engine, store, defaults, shutdownGrace, isPassThrough });
}
