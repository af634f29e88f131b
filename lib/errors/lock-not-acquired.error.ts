import { registerClass, RedisLockError, type RedisLockErrorInit } from './redis-lock.error.js';

/** What a `LockNotAcquiredError` is made of. */
export interface LockNotAcquiredInit extends RedisLockErrorInit {
  /** Milliseconds that the caller waited. */
  readonly waitedMs: number;
  /** Milliseconds after which another try is worth while, if that is known. */
  readonly retryAfterMs: number | undefined;
  /** Milliseconds until the lease in the way ends; `Infinity` when it has no expiry. */
  readonly leaseMs?: number | undefined;
}

/**
 * The lock was busy for as long as the caller was willing to wait. Redis answered: this is contention, not a fault.
 *
 * @publicApi
 */
export class LockNotAcquiredError extends RedisLockError {
  static override readonly code = 'LOCK_NOT_ACQUIRED';
  static {
    registerClass(this);
  }

  readonly code = LockNotAcquiredError.code;

  /** Milliseconds that the caller waited. */
  readonly waitedMs: number;

  /**
   * Milliseconds after which another try is worth while: as long as the key was held lately in this process while others waited for it, and
   * no longer than the lease in the way lasts. `undefined` when neither is known; `Infinity` when the key has no expiry.
   */
  readonly retryAfterMs: number | undefined;

  /** For tests and other implementations of a lock; the library throws its own. */
  constructor({ waitedMs, retryAfterMs, leaseMs, ...init }: LockNotAcquiredInit) {
    const busy = `Lock "${String(init.key)}" is busy: waited ${waitedMs} ms${leaseInTheWay(leaseMs)}.`;
    super('LockNotAcquiredError', LockNotAcquiredError.code, busy, init);
    this.waitedMs = waitedMs;
    this.retryAfterMs = retryAfterMs;
  }
}

function leaseInTheWay(leaseMs: number | undefined): string {
  if (leaseMs === undefined) return '';
  if (leaseMs !== Infinity) return `, the lease in the way ends in ${leaseMs} ms unless it is renewed`;
  return ', and the key has no expiry: it may be data, or the lock of a program that sets none. Look at it with inspect()';
}
