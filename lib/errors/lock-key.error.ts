import { registerClass, RedisLockError, type RedisLockErrorInit } from './redis-lock.error.js';

/**
 * The key cannot be used, or could not be made from the data of the call. Thrown before Redis is touched.
 *
 * @publicApi
 */
export class LockKeyError extends RedisLockError {
  static override readonly code = 'LOCK_KEY';
  static {
    registerClass(this);
  }

  readonly code = LockKeyError.code;

  /** For key functions that refuse a call, too. */
  constructor(message: string, init: RedisLockErrorInit = {}) {
    super('LockKeyError', LockKeyError.code, message, init);
  }
}
