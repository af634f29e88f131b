import type { ModuleMetadata, Type } from '@nestjs/common';
import type { ClusterNode, ClusterOptions, RedisOptions } from 'ioredis';
import type { LockOptions } from './lock-options.interface.js';
import type { RedisClient } from './redis-client.interface.js';

/**
 * A Redis Cluster that the module connects to.
 *
 * @publicApi
 */
export interface ClusterConnection {
  /** The nodes that the client asks first, at least one, as in `[{ host, port }]`; it learns of the others from them. */
  readonly cluster: readonly ClusterNode[];
  /** The second argument of ioredis' `Cluster`. Default: none. */
  readonly options?: ClusterOptions;
}

/**
 * Where Redis is: a `redis://` or `rediss://` URL, ioredis options (Sentinel included), a Cluster, or a living ioredis client. A client that
 * was handed in is borrowed: it is never closed and never reconfigured.
 *
 * @publicApi
 */
export type Connection = string | RedisOptions | ClusterConnection | RedisClient;

/**
 * Options of `RedisLockModule`. All may be left out; one that is unknown or out of its range fails the start of the app with `RedisLockOptionsError`.
 *
 * @publicApi
 */
export interface RedisLockModuleOptions {
  /**
   * Where Redis is. An array stands for a quorum over independent masters; this version refuses it. A given `undefined`, as of a variable
   * that is not set, is an error too.
   *
   * @default 'redis://127.0.0.1:6379'
   */
  connection?: Connection | readonly Connection[];

  /**
   * Name of this service among several in one app, for `@InjectRedisLock(name)` and the `name` of `@WithLock()`: at least one character,
   * and no two modules have the same. In `forRootAsync()` it stands beside the factory, not in what that returns.
   *
   * @default none: the service is injected as `RedisLockService`
   */
  name?: string;

  /**
   * What stands before each key in Redis, without control characters. `''` is allowed, to share keys with programs in other languages.
   *
   * @default 'lock:'
   */
  keyPrefix?: string;

  /**
   * Options that hold for each lock unless the call or the decorator says otherwise. All of a lock's but `signal`.
   *
   * @default those that `LockOptions` names
   */
  defaults?: LockOptions;

  /**
   * How long holders may go on when the app shuts down. Then their locks are released, and each holder is told by its `signal`, with a
   * `LockLostError` whose reason is `'shutdown'`. Callers that wait get `LockClosedError` at once.
   *
   * Milliseconds, integer, minimum: 0, maximum: 2_147_483_647
   * @default 10_000
   */
  shutdownGrace?: number;

  /**
   * The most callers that may wait for one key in this process; one more is refused at once with `LockQueueFullError`.
   *
   * Integer, minimum: 0, or `Infinity` for no limit
   * @default Infinity
   */
  maxWaiters?: number;

  /**
   * How long Redis may take for one command before its outcome counts as unknown and the caller goes on; while a connection is being made,
   * that gets as much time again. A value that is given holds as it is; the default grows to three times the measured round trip to Redis.
   *
   * Milliseconds, integer, minimum: 50, maximum: 2_147_483_647
   * @default 1_000
   */
  commandTimeout?: number;

  /**
   * Whether errors of this package that a handler throws, wherever they were born, are answered as `@WithLock()` answers its own: see
   * `RedisLockExceptionFilter`. With several services in one app, one that says nothing is enough.
   *
   * @default true
   */
  exceptionFilter?: boolean;

  /**
   * How evenly, or how fast, processes share a lock that all of them want.
   *
   * @default { handOvers: 128, ms: 20 }
   */
  quantum?: LockQuantum;
}

/**
 * How long one process may keep a lock for its own callers before it asks Redis whether another process waits. The first limit that is
 * reached counts. Larger is faster, and less even.
 *
 * @publicApi
 */
export interface LockQuantum {
  /**
   * Hand-overs from caller to caller. `0` asks after every holder.
   *
   * Integer, minimum: 0, maximum: 10_000
   * @default 128
   */
  handOvers?: number;

  /**
   * Time since the process took the lock, or last asked.
   *
   * Milliseconds, integer, minimum: 0, maximum: 2_147_483_647
   * @default 20
   */
  ms?: number;
}

/**
 * What `forRoot()` and `forRootAsync()` take beside the options themselves.
 *
 * @publicApi
 */
export interface RedisLockModuleExtras {
  /**
   * Whether the service can be injected in every module of the app. With `false`, only in those that import this one.
   *
   * @default true
   */
  isGlobal?: boolean;
}

/**
 * A class that makes the options, for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`.
 *
 * @publicApi
 */
export interface RedisLockOptionsFactory {
  /**
   * Called once, when the app starts.
   *
   * @returns the options, without `name`. What it throws fails the start of the app.
   */
  createRedisLockOptions(): RedisLockModuleOptions | Promise<RedisLockModuleOptions>;
}

/**
 * Options of `RedisLockModule.forRootAsync()`. Exactly one of `useFactory`, `useClass` and `useExisting` is given. `name` stands here, not in
 * what the factory returns, because it is part of the injection token.
 *
 * @publicApi
 */
export interface RedisLockModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'>, RedisLockModuleExtras {
  /**
   * Name of this service among several in one app, as in `RedisLockModuleOptions`.
   *
   * @default none: the service is injected as `RedisLockService`
   */
  name?: string;
  /** Injection tokens of the arguments of `useFactory`. Default: none. */
  inject?: any[] | undefined;
  /** Makes the options; called once, when the app starts, with what `inject` names. */
  useFactory?: (...args: any[]) => RedisLockModuleOptions | Promise<RedisLockModuleOptions>;
  /** A class that makes the options; the module makes its one instance. */
  useClass?: Type<RedisLockOptionsFactory>;
  /** A provider of the app that makes the options, from a module in `imports` or a global one. */
  useExisting?: Type<RedisLockOptionsFactory>;
}
