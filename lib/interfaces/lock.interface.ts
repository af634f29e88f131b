/**
 * What the end of a hold found in Redis: our own value, which is gone now (`released`), nothing (`expired`), or another owner (`stolen`).
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
   * A safe integer that is strictly increasing per key, also over expiry, restarts of Redis without its data, and fail-over, as far as the
   * servers' clocks agree. Hand it to whatever the lock protects and refuse smaller ones there: it is the only guard against a holder that
   * was paused beyond its lease.
   *
   * @see https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
   */
  readonly fencingToken: number;

  /** Aborts, with a `LockLostError` as its reason, as soon as it is no longer sure that the holder is alone. */
  readonly signal: AbortSignal;

  /** Whether the lock is still surely held, by the local monotonic clock; asks nobody. */
  readonly isHeld: boolean;

  /** Epoch milliseconds until which the lease surely lasts, if nobody removes the key; moves with each renewal. */
  readonly expiresAt: number;

  /**
   * Starts the lease anew from now.
   *
   * @param ttl - length of the new lease in milliseconds, an integer of at least 100. Default: the `ttl` it was acquired with.
   * @throws {LockLostError} when the lock is no longer held.
   * @throws {LockBackendError} when Redis did not answer; the lock is held until `expiresAt` all the same.
   * @throws {RedisLockOptionsError} when `ttl` is out of range.
   */
  extend(ttl?: number): Promise<void>;

  /**
   * Gives the lock back. Further calls return the same outcome and send nothing.
   *
   * @returns what was found in Redis. A lost lock is an outcome, never an error.
   * @throws {LockBackendError} when Redis did not confirm it within a second, at once when its connection is known to be down. The release is repeated in the background, and the lease ends by
   * itself at `expiresAt`.
   */
  release(): Promise<ReleaseOutcome>;

  /** As `release()`, for `await using`; a release that Redis did not confirm is logged, not thrown, so that it hides no other error. */
  [Symbol.asyncDispose](): Promise<void>;
}
