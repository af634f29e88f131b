import { registerClass, RedisLockError } from './redis-lock.error.js';

/**
 * As many callers as `maxWaiters` allows already wait for the key in this process; one more was refused at once.
 *
 * @publicApi
 */
export class LockQueueFullError extends RedisLockError {
  static override readonly code = 'LOCK_QUEUE_FULL';
  static {
    registerClass(this);
  }

  readonly code = LockQueueFullError.code;

  /**
   * For tests and other implementations of a lock; the library throws its own.
   *
   * @param key - without the module's prefix.
   * @param maxWaiters - the option of the module.
   */
  constructor(key: string, maxWaiters: number) {
    super(
      'LockQueueFullError',
      LockQueueFullError.code,
      `Lock "${key}" already has ${maxWaiters} waiters in this process, the most that maxWaiters allows.`,
      {
        key,
      },
    );
  }
}
