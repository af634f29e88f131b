import { registerClass, RedisLockError } from './redis-lock.error.js';

/**
 * The service is shutting down: it hands out no more locks, and whoever still waited was told so.
 *
 * @publicApi
 */
export class LockClosedError extends RedisLockError {
  static override readonly code = 'LOCK_CLOSED';
  static {
    registerClass(this);
  }

  readonly code = LockClosedError.code;

  constructor(key?: string) {
    const what = key === undefined ? 'No lock can be taken' : `Lock "${key}" was not acquired`;
    super('LockClosedError', LockClosedError.code, `${what}: the lock service is shutting down.`, { key });
  }
}
