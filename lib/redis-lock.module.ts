import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type {
  RedisLockModuleAsyncOptions,
  RedisLockModuleExtras,
  RedisLockModuleOptions,
} from './interfaces/module-options.interface.js';
import { HeapClock } from './engine/time/heap-clock.js';
import { assertOneFactory, completeApp, prepareApp, withLockService } from './redis-lock.explorer.js';
import { ConfigurableModuleClass } from './redis-lock.module-definition.js';
import { connect } from './stores/connection.js';
import { RedisStore } from './stores/redis-store.js';
import type { BackendFactory } from './redis-lock.providers.js';

const redisBackend: BackendFactory = ({ endpoint, keyPrefix, commandTimeout }, logger) => {
  const connection = connect(
    endpoint,
    (error) => (error === undefined ? logger.outageOver() : logger.outage(error)),
    commandTimeout,
  );
  return {
    store: new RedisStore({ client: connection.client, keyPrefix, connection, commandTimeout }),
    clock: new HeapClock(),
  };
};

/**
 * Provides `RedisLockService`, and what `@WithLock()` needs.
 *
 * The app starts whether Redis is there or not; the connection is made at start-up or first use, and closed after the last lock is released.
 *
 * @publicApi
 */
@Module({})
export class RedisLockModule extends ConfigurableModuleClass implements OnModuleInit {
  /** Made by Nest. */
  constructor(private readonly modules: ModulesContainer) {
    super();
    completeApp(modules);
  }

  /**
   * Registers a lock service. Import it once per `name`, in the root module.
   *
   * @param options - see there for defaults; checked when the app starts.
   * @returns the module, for `imports`.
   * @throws {RedisLockOptionsError} when an option is wrong, or two modules have one name.
   */
  static override forRoot(options: RedisLockModuleOptions & RedisLockModuleExtras = {}): DynamicModule {
    return withLockService(super.forRoot(options), options, redisBackend);
  }

  /**
   * Registers a lock service whose options are made by a factory, a class, or a provider that exists.
   *
   * @param options - exactly one of `useFactory`, `useClass` and `useExisting`, and what it needs.
   * @returns the module, for `imports`.
   * @throws {RedisLockOptionsError} when an option is wrong, or two modules have one name.
   */
  static override forRootAsync(options: RedisLockModuleAsyncOptions): DynamicModule {
    assertOneFactory(options);
    return withLockService(super.forRootAsync(options), options, redisBackend);
  }

  /** Called by Nest. */
  onModuleInit(): void {
    prepareApp(this.modules);
  }
}
