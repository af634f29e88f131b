import { registerClass, RedisLockError } from './redis-lock.error.js';

/**
 * The code runs outside of the lock that it needs: a bug, not contention. It is what `assertLocked()` throws where no lock is held.
 *
 * @publicApi
 */
export class LockNotHeldError extends RedisLockError {
  static override readonly code = 'LOCK_NOT_HELD';
  static {
    registerClass(this);
  }

  readonly code = LockNotHeldError.code;

  /**
   * For tests and other implementations of a lock; the library throws its own.
   *
   * @param key - of the lock that is missing, without the module's prefix; default: any lock.
   * @param message - in place of the one that is made of the key.
   */
  constructor(key?: string, message = outsideOf(key)) {
    super('LockNotHeldError', LockNotHeldError.code, message, { key });
  }

  /** A handler was about to begin when its request had been answered, as by a timeout, and its lock given back. */
  static afterAnswer(target: string): LockNotHeldError {
    return new LockNotHeldError(
      undefined,
      `${target} did not run: its request was answered before it began, so its lock was given back.`,
    );
  }
}

function outsideOf(key: string | undefined): string {
  const what = key === undefined ? 'No lock is held here' : `Lock "${key}" is not held here`;
  return `${what}: this code must run within withLock() or a method under @WithLock().`;
}
