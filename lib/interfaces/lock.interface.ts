/**
 * What a release found in Redis: the holder's own value, which is gone now (`released`), nothing (`expired`), or another owner (`stolen`).
 *
 * @publicApi
 */
export type ReleaseOutcome = 'released' | 'expired' | 'stolen';

/**
 * One holder's lock. The object stays the same through every renewal.
 *
 * @publicApi
 */
export interface Lock extends AsyncDisposable {
  /** The key as it was asked for, without the module's prefix; of several keys the first in sorted order. */
  readonly key: string;

  /** All keys, sorted, without duplicates. */
  readonly keys: readonly string[];

  /**
   * A safe integer that grows with each holder of the key, also over expiry, restarts of Redis without its data, and fail-over, as far as the
   * servers' clocks agree. Store it with what the lock protects and refuse smaller ones there: it is the only guard against a holder that
   * was paused beyond its lease. Of several keys it is the greatest of their tokens.
   *
   * @see https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
   */
  readonly fencingToken: number;

  /** Aborts, with a `LockLostError` as its reason, as soon as it is no longer sure that the holder is alone. */
  readonly signal: AbortSignal;

  /**
   * Whether the holder can still be sure that it is alone, by the monotonic clock of this process: no command is sent. `false` once lost or
   * released.
   */
  readonly isHeld: boolean;

  /** Milliseconds since the epoch until which the lease surely lasts, unless the key is removed; each renewal moves it. */
  readonly expiresAt: number;

  /**
   * Begins a new lease now, as a renewal does.
   *
   * @param ttl - its length in milliseconds, an integer from 100 to 2_147_483_647. Default: the `ttl` that the lock was acquired with.
   * @returns when Redis has confirmed it.
   * @throws {LockLostError} when the lock is no longer held.
   * @throws {LockBackendError} when Redis did not answer; the lock is held until `expiresAt` all the same.
   * @throws {RedisLockOptionsError} when `ttl` is out of range.
   */
  extend(ttl?: number): Promise<void>;

  /**
   * Gives the lock back. Further calls return the same outcome and send nothing.
   *
   * @returns what was found in Redis. A lost lock is an outcome, never an error.
   * @throws {LockBackendError} when Redis did not confirm it within a second, or at once when its connection is known to be down. The
   * release is repeated in the background, and the lease ends by itself at `expiresAt`.
   */
  release(): Promise<ReleaseOutcome>;

  /**
   * Releases at the end of an `await using` block. A release that Redis did not confirm is logged, not thrown, so that it hides no error of
   * the block.
   */
  [Symbol.asyncDispose](): Promise<void>;
}
