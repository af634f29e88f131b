import { registerClass, RedisLockError, type RedisLockErrorInit } from './redis-lock.error.js';

/**
 * Redis could not be asked, did not answer in time, or refused the command. It says nothing about who holds the lock. `cause` is the
 * client's error where there is one.
 *
 * @publicApi
 */
export class LockBackendError extends RedisLockError {
  static override readonly code = 'LOCK_BACKEND';
  static {
    registerClass(this);
  }

  readonly code = LockBackendError.code;

  /** For tests and other implementations of a lock; the library throws its own. */
  constructor(message: string, init: RedisLockErrorInit = {}) {
    super('LockBackendError', LockBackendError.code, message, init);
  }
}
