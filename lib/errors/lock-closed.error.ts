import { registerClass, RedisLockError } from './redis-lock.error.js';

/**
 * The service is shutting down: it gives no more locks, and the callers that still waited were refused with this error.
 *
 * @publicApi
 */
export class LockClosedError extends RedisLockError {
  static override readonly code = 'LOCK_CLOSED';
  static {
    registerClass(this);
  }

  readonly code = LockClosedError.code;

  /**
   * For tests and other implementations of a lock; the library throws its own.
   *
   * @param key - of the lock that was asked for, without the module's prefix; default: any lock.
   */
  constructor(key?: string) {
    const what = key === undefined ? 'No lock can be taken' : `Lock "${key}" was not acquired`;
    super('LockClosedError', LockClosedError.code, `${what}: the lock service is shutting down.`, { key });
  }
}
