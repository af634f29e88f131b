import type { StopSignal } from './engine/cancellation.js';
import type { AcquireTerms, LockEngine } from './engine/lock-engine.js';
import type { LockHandle } from './engine/lock/lock-handle.js';
import { LockNotAcquiredError } from './errors/lock-not-acquired.error.js';
import { LockNotHeldError } from './errors/lock-not-held.error.js';
import type { LockInfo } from './interfaces/lock-info.interface.js';
import type { LockOptions } from './interfaces/lock-options.interface.js';
import type { Lock } from './interfaces/lock.interface.js';
import { toKey, toKeys } from './options/lock-keys.js';
import { checkLockOptions, mergeTerms } from './options/lock-options.js';
import { addCopy } from './with-lock/startup/package-copies.js';
import type { LockStore } from './engine/lock-store.interface.js';

export interface RedisLockServiceInit {
  readonly engine: LockEngine;
  readonly store: LockStore;
  readonly defaults: AcquireTerms;
  readonly shutdownGrace: number;
  /** Whether methods under `@WithLock()` run without a lock, as a unit test may want it. */
  readonly isPassThrough?: boolean;
}

/** The service as `@WithLock()` sees it: with what its public type leaves out. */
export interface MethodLocks {
  /** Whether methods run without their locks, as a unit test may want it. */
  readonly isPassThrough: boolean;
  /** Acquires a lock. `wait` stops the waiting in place of `options.signal`, at less cost. */
  acquire(key: string | readonly string[], options: LockOptions, wait: StopSignal | undefined): Promise<Lock>;
  /** What a method runs with whose lock is not wanted. */
  standIn(target: string): Lock;
}

type LockBody<T> = (lock: Lock) => T | PromiseLike<T>;

/**
 * Distributed locks. Inject it where a decorator does not fit.
 *
 * @publicApi
 */
export class RedisLockService {
  static {
    addCopy(this);
  }

  readonly #engine: LockEngine;
  readonly #store: LockStore;
  readonly #defaults: AcquireTerms;
  readonly #shutdownGrace: number;
  /** @internal */
  readonly isPassThrough: boolean;
  #closing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** Made by the module. */
  constructor({ engine, store, defaults, shutdownGrace, isPassThrough = false }: RedisLockServiceInit) {
    this.isPassThrough = isPassThrough;
    this.#engine = engine;
    this.#store = store;
    this.#defaults = defaults;
    this.#shutdownGrace = shutdownGrace;
  }

  /**
   * Acquires a lock, or all of several, waiting while it is busy. The caller releases it.
   *
   * @param key - 1 to 512 bytes of UTF-8 without control characters. Several keys, at most 100, are taken at once, all or none; on a Cluster,
   *   where they share no hash tag, one after the other in sorted order.
   * @param options - override the module's `defaults`.
   * @returns the lock, held.
   * @throws {LockNotAcquiredError} when it stayed busy for `wait` milliseconds.
   * @throws {LockBackendError} when Redis could not be asked for `backendWait` milliseconds.
   * @throws {LockReentryError} when the caller already holds the key, unless `reentry` says otherwise.
   * @throws {LockQueueFullError} when `maxWaiters` callers of this process wait already.
   * @throws {LockClosedError} when the app shuts down.
   * @throws {LockKeyError} when a key is none of those, or there are too many; before Redis is asked.
   * @throws {RedisLockOptionsError} when an option is unknown or out of its range; before Redis is asked.
   * @throws the reason of `options.signal` when that aborts.
   */
  acquire(key: string | readonly string[], options?: LockOptions): Promise<Lock>;
  acquire(key: string | readonly string[], options?: LockOptions, wait?: StopSignal): Promise<Lock> {
    // `wait` is for `MethodLocks`. Not async: one more promise costs time between the reply and the caller.
    try {
      return this.#engine.acquire(toKeys(key), this.#terms(options, wait));
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- thrown by our own checks
      return Promise.reject(error);
    }
  }

  /**
   * Tries once to acquire a lock, or all of several, whatever `wait` says. The caller releases it.
   *
   * @param key - as for `acquire()`.
   * @param options - override the module's `defaults`.
   * @returns the lock, or `null` when it is busy. Everything else that can go wrong throws, as for `acquire()`: a broken Redis is not "busy".
   */
  async tryAcquire(key: string | readonly string[], options?: LockOptions): Promise<Lock | null> {
    try {
      return await this.#engine.acquire(toKeys(key), { ...this.#terms(options), wait: 0 });
    } catch (error) {
      if (error instanceof LockNotAcquiredError) return null;
      throw error;
    }
  }

  /**
   * Runs `fn` under the lock and releases it afterwards, before the result is there.
   *
   * Result and error of `fn` pass untouched, also when the lock was lost meanwhile (`lock.signal` tells `fn`) or the release failed (a warning
   * is logged, and the release repeated).
   *
   * @param key - as for `acquire()`.
   * @param fn - gets the lock. It need not release it; if it does, the rest of it runs unlocked.
   * @returns what `fn` returned.
   * @throws what `acquire()` throws, and what `fn` throws.
   */
  withLock<T>(key: string | readonly string[], fn: LockBody<T>): Promise<T>;
  withLock<T>(key: string | readonly string[], options: LockOptions, fn: LockBody<T>): Promise<T>;
  async withLock<T>(
    key: string | readonly string[],
    optionsOrFn: LockOptions | LockBody<T>,
    maybeFn?: LockBody<T>,
  ): Promise<T> {
    const [options, fn] = typeof optionsOrFn === 'function' ? [undefined, optionsOrFn] : [optionsOrFn, maybeFn];
    if (typeof fn !== 'function')
      throw new TypeError('withLock() needs a function to run under the lock as its last argument.');
    const lock = await this.#engine.acquire(toKeys(key), this.#terms(options));
    return this.#engine.hold(lock, () => fn(lock));
  }

  /**
   * The lock that the running code holds through `withLock()` or `@WithLock()`.
   *
   * @param key - which one; default: the innermost.
   * @returns `undefined` when there is none. A lock that was lost is returned until it is released: ask its `isHeld`.
   */
  current(key?: string): Lock | undefined {
    return this.#current(key);
  }

  /**
   * Makes sure that the running code is protected: for the body of methods that must never run unlocked.
   *
   * @param key - which lock; default: any.
   * @throws {LockNotHeldError} when the lock is not held in this async context.
   * @throws {LockLostError} when it was lost.
   */
  assertLocked(key?: string): void {
    const lock = this.#current(key);
    if (lock === undefined && this.isPassThrough) return;
    if (lock === undefined) throw new LockNotHeldError(key);
    if (lock.loss !== undefined) throw lock.loss;
  }

  /**
   * Looks at a lock, for operators: by the time the answer is there it may be wrong.
   *
   * @param key - as for `acquire()`, one.
   * @returns `null` when it is free.
   * @throws {LockBackendError} when Redis could not be asked, or the key holds data of another type.
   */
  async inspect(key: string): Promise<LockInfo | null> {
    return this.#engine.inspect(toKey(key));
  }

  /**
   * Takes a lock away from its holder, as an operator may have to. A holder in this process is told at once by its `signal`, one in another
   * process at its next renewal (a third of its `ttl` at most).
   *
   * @param key - as for `acquire()`, one.
   * @returns whether it was held.
   * @throws {LockBackendError} when Redis could not be asked, or the key holds data of another type.
   */
  async forceRelease(key: string): Promise<boolean> {
    return this.#engine.forceRelease(toKey(key));
  }

  /** @internal */
  onModuleInit(): void {
    this.#store.open();
  }

  /**
   * @internal Waiters go first: a server that shuts down waits for its requests, and those may wait for a lock. Nest goes on when every
   * lock is given back: later, a client that was borrowed may be closed by its owner.
   */
  beforeApplicationShutdown(): Promise<void> {
    return (this.#closing ??= this.#engine.close(this.#shutdownGrace));
  }

  /** @internal The connection goes last, when every lock is released. */
  onApplicationShutdown(): Promise<void> {
    return (this.#closed ??= this.beforeApplicationShutdown().then(() => this.#store.close()));
  }

  /** @internal What a method runs with whose lock is not wanted. */
  standIn(target: string): Lock {
    return this.#engine.standIn(target);
  }

  #current(key: string | undefined): LockHandle | undefined {
    const lock = this.#engine.current(key === undefined ? undefined : toKey(key));
    return lock === undefined && this.isPassThrough ? this.#engine.current() : lock;
  }

  #terms(options: LockOptions | undefined, wait?: StopSignal): AcquireTerms {
    if (options === undefined) return this.#defaults;
    checkLockOptions(options);
    return mergeTerms(this.#defaults, options, wait ?? options.signal);
  }
}
