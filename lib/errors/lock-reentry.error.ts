import { registerClass, RedisLockError } from './redis-lock.error.js';

/**
 * The key is already held in this async context, so waiting for it would never end.
 *
 * @publicApi
 */
export class LockReentryError extends RedisLockError {
  static override readonly code = 'LOCK_REENTRY';
  static {
    registerClass(this);
  }

  readonly code = LockReentryError.code;

  /**
   * For tests and other implementations of a lock; the library throws its own.
   *
   * @param key - without the module's prefix.
   */
  constructor(key: string) {
    super(
      'LockReentryError',
      LockReentryError.code,
      `Lock "${key}" is already held by the caller: waiting for it here would never end. ` +
        `Use reentry: 'share' to count it as the same lock, or reentry: 'wait' for work that the holder does not await.`,
      { key },
    );
  }
}
