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
