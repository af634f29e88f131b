/**
 * How a lock is acquired and held.
 *
 * An option that is left out has the value of the module's `defaults`, else the default that stands here. A value out of its range throws
 * `RedisLockOptionsError` before Redis is asked. Times are integers in milliseconds, of at most 2_147_483_647 (24 days), the longest time
 * that a timer of Node takes.
 *
 * @publicApi
 */
export interface LockOptions {
  /**
   * Length of the lease: Redis frees the key so long after its holder died. A holder that lives renews the lease, see `renew`.
   *
   * Milliseconds, minimum: 100
   * @default 30_000
   */
  ttl?: number;

  /**
   * How long the caller waits while the lock is busy, then `LockNotAcquiredError`. `0` tries once, `Infinity` waits without limit.
   * Independent of `ttl`. A single try gets up to a second for the reply and for a connection that is being made, none for one that is
   * known to be down.
   *
   * Milliseconds, minimum: 0
   * @default 10_000
   */
  wait?: number;

  /**
   * How long the caller goes on while Redis cannot be asked, at most `wait`, then `LockBackendError`: broken is not busy, and how long it
   * lasts cannot be known. Counted from when Redis began to fail, or from when the caller asked if that was later; a command that Redis
   * does not answer takes `commandTimeout` before it is known to have failed. `0` gives up at the first failure, `Infinity` goes on for all
   * of `wait`.
   *
   * Milliseconds, minimum: 0
   * @default 2_000
   */
  backendWait?: number;

  /**
   * Stops the waiting: the acquire rejects with the signal's reason. Has no effect once the lock is held. It belongs to one call, so the
   * module's `defaults` refuse it.
   *
   * @default none: only `wait` ends the waiting
   */
  signal?: AbortSignal;

  /**
   * Whether the lease is renewed, every third of `ttl`, while the lock is held. With `false` the lock is lost when `ttl` is over, unless
   * the holder calls `lock.extend()`.
   *
   * @default true
   */
  renew?: boolean;

  /**
   * The longest time a lock may be held: renewal stops then, and `lock.signal` aborts with a `LockLostError` whose reason is `'maxHold'`.
   *
   * Milliseconds, minimum: 1
   * @default no limit
   */
  maxHold?: number;

  /**
   * The time that the key stays taken, counted from its acquisition, even if the holder releases it earlier. For cron jobs on several machines whose
   * clocks disagree: longer than the clocks' difference, shorter than the schedule.
   *
   * Milliseconds, minimum: 0
   * @default 0
   */
  minHold?: number;

  /**
   * What a nested acquire does when the key is already held in the same async context, that is, within `withLock()` or a method under
   * `@WithLock()`. `'fail'` throws `LockReentryError` at once. `'share'` returns the same lock and counts its holders: it is released when
   * the last of them releases. `'wait'` queues as any other caller does, for work that the outer holder does not await.
   *
   * @default 'fail'
   */
  reentry?: 'fail' | 'share' | 'wait';

  /**
   * A text for operators, kept beside the owner token and shown by `inspect()`. Up to 256 characters (UTF-16 code units), no control characters.
   *
   * @default none
   */
  metadata?: string;
}
