import { registerClass, RedisLockError, type RedisLockErrorInit } from './redis-lock.error.js';

export interface LockNotAcquiredInit extends RedisLockErrorInit {
  readonly waitedMs: number;
  readonly retryAfterMs: number | undefined;
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
   * Milliseconds until the holder's lease ends unless it is renewed; `Infinity` when the key has no expiry, `undefined` when the holder was not
   * asked because others in this process were already waiting.
   */
  readonly retryAfterMs: number | undefined;

  constructor({ waitedMs, retryAfterMs, ...init }: LockNotAcquiredInit) {
    const busy = `Lock "${init.key}" is busy: waited ${waitedMs} ms${leaseInTheWay(retryAfterMs)}.`;
    super('LockNotAcquiredError', LockNotAcquiredError.code, busy, init);
    this.waitedMs = waitedMs;
    this.retryAfterMs = retryAfterMs;
  }
}

function leaseInTheWay(retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return '';
  if (retryAfterMs !== Infinity) return `, the lease in the way ends in ${retryAfterMs} ms unless it is renewed`;
  return ', and the key has no expiry: it may be data, or the lock of a program that sets none. Look at it with inspect()';
}
