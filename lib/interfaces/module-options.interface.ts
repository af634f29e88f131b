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
  readonly cluster: readonly ClusterNode[];
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
 * Options of `RedisLockModule`.
 *
 * @publicApi
 */
export interface RedisLockModuleOptions {
  /**
   * Where Redis is. An array stands for a quorum over independent masters; this version refuses it. `undefined` is an error when it is
   * given, as by a variable that is not set.
   *
   * @default 'redis://127.0.0.1:6379'
   */
  connection?: Connection | readonly Connection[];

  /** Name of this service among several in one app, for `@InjectRedisLock(name)` and the `name` of `@WithLock()`. */
  name?: string;

  /**
   * What stands before each key in Redis. `''` is allowed, to share keys with programs in other languages.
   *
   * @default 'lock:'
   */
  keyPrefix?: string;

  /** Options that hold for each lock unless the call or the decorator says otherwise. */
  defaults?: LockOptions;

  /**
   * How long holders may finish when the app shuts down before their locks are taken away. Milliseconds, integer.
   *
   * Minimum: 0
   * @default 10_000
   */
  shutdownGrace?: number;

  /**
   * The most callers that may wait for one key in this process; more are refused at once with `LockQueueFullError`.
   *
   * Minimum: 0
   * @default Infinity
   */
  maxWaiters?: number;

  /**
   * How long Redis may take for one command before its outcome counts as unknown and the caller goes on; while a connection is being made, that gets as
   * much time again. Milliseconds, integer. What is given, holds; the default grows to three times the round trip to Redis, as far as that was measured.
   *
   * Minimum: 50
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

  /** How even or how fast processes share a lock that all of them want. */
  quantum?: LockQuantum;
}

/**
 * How long one process may keep a lock for its own callers before it asks whether another process waits. Larger is faster, and less even.
 *
 * @publicApi
 */
export interface LockQuantum {
  /**
   * Hand-overs from caller to caller. 0 asks after every holder.
   *
   * Minimum: 0, maximum: 10_000
   * @default 128
   */
  handOvers?: number;

  /**
   * Milliseconds since the lock was taken, or last asked for. Integer.
   *
   * Minimum: 0
   * @default 20
   */
  ms?: number;
}

/** What `forRoot()` takes beside the options themselves. */
export interface RedisLockModuleExtras {
  /**
   * Whether the service can be injected in every module without importing this one.
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
  createRedisLockOptions(): RedisLockModuleOptions | Promise<RedisLockModuleOptions>;
}

/**
 * Options of `RedisLockModule.forRootAsync()`. Exactly one of `useFactory`, `useClass` and `useExisting` is given. `name` stands here, not in
 * what the factory returns, because it is part of the injection token.
 *
 * @publicApi
 */
export interface RedisLockModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'>, RedisLockModuleExtras {
  name?: string;
  inject?: any[] | undefined;
  useFactory?: (...args: any[]) => RedisLockModuleOptions | Promise<RedisLockModuleOptions>;
  useClass?: Type<RedisLockOptionsFactory>;
  useExisting?: Type<RedisLockOptionsFactory>;
}
