/**
 * How a lock is acquired and held.
 *
 * @publicApi
 */
export interface LockOptions {
  /**
   * Length of the lease: the time after which Redis frees the key when its holder is dead. Milliseconds, integer.
   *
   * Minimum: 100
   * @default 30_000
   */
  ttl?: number;

  /**
   * How long to wait while the lock is busy. Milliseconds, integer; independent of `ttl`. `0` tries once, `Infinity` waits without limit.
   * A single try gets up to a second for the reply and for a connection that is being made, none for one that is known to be down.
   *
   * Minimum: 0
   * @default 10_000
   */
  wait?: number;

  /**
   * How long to go on while Redis cannot be asked, at most `wait`: broken is not busy, and nobody knows for how long. Milliseconds, integer, from when
   * it began to fail, or from when the caller asked if that was later; a command that Redis does not answer takes a second before it is known to have failed.
   * `0` gives up at the first failure, `Infinity` goes on for all of `wait`.
   *
   * Minimum: 0
   * @default 2_000
   */
  backendWait?: number;

  /** Stops the waiting; the acquire rejects with the signal's reason. Has no effect once the lock is held. */
  signal?: AbortSignal;

  /**
   * Whether the lease is renewed, every third of `ttl`, while the lock is held.
   *
   * @default true
   */
  renew?: boolean;

  /**
   * The longest time a lock may be held: renewal stops then and `lock.signal` aborts. Milliseconds, integer.
   *
   * Minimum: 1
   * @default no limit
   */
  maxHold?: number;

  /**
   * The time that the key stays taken, counted from its acquisition, even if it is released earlier. For cron jobs on several machines whose
   * clocks disagree: longer than the clocks' difference, shorter than the schedule. Milliseconds, integer.
   *
   * Minimum: 0
   * @default 0
   */
  minHold?: number;

  /**
   * What a nested acquire does when the key is already held in the same async context, that is, within `withLock()` or a method under
   * `@WithLock()`. `'fail'` throws `LockReentryError` at once, `'share'` counts and returns the same lock, `'wait'` queues like anyone else.
   *
   * @default 'fail'
   */
  reentry?: 'fail' | 'share' | 'wait';

  /** Up to 256 characters for operators, kept beside the owner token and shown by `inspect()`. No control characters. */
  metadata?: string;
}
