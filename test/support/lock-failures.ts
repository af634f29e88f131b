import {
  LockBackendError,
  LockClosedError,
  LockKeyError,
  LockLostError,
  LockNotAcquiredError,
  LockNotHeldError,
  LockQueueFullError,
  LockReentryError,
  RedisLockOptionsError,
  type RedisLockError,
  type RedisLockErrorCode,
} from 'nestjs-redis-lock';

/** In the errors below, and in no answer to a client. */
export const SECRET_KEY = 'order:secret';

/** Each error of the package with all that a service puts into it. */
export const LOCK_FAILURES: Readonly<Record<RedisLockErrorCode, () => RedisLockError>> = {
  LOCK_NOT_ACQUIRED: () => new LockNotAcquiredError({ key: SECRET_KEY, waitedMs: 5, retryAfterMs: 4_100 }),
  LOCK_KEY: () => new LockKeyError(`The key "${SECRET_KEY}" is bad.`, { key: SECRET_KEY }),
  LOCK_QUEUE_FULL: () => new LockQueueFullError(SECRET_KEY, 3),
  LOCK_BACKEND: () =>
    new LockBackendError(`Lock "${SECRET_KEY}" could not be asked for.`, {
      key: SECRET_KEY,
      cause: Object.assign(new Error('secret'), { args: [SECRET_KEY] }),
    }),
  LOCK_LOST: () => new LockLostError({ key: SECRET_KEY, reason: 'stolen' }),
  LOCK_CLOSED: () => new LockClosedError(SECRET_KEY),
  LOCK_REENTRY: () => new LockReentryError(SECRET_KEY),
  LOCK_NOT_HELD: () => new LockNotHeldError(SECRET_KEY),
  LOCK_OPTIONS: () =>
    new RedisLockOptionsError({ option: 'ttl', value: SECRET_KEY, remedy: 'pass more', key: SECRET_KEY }),
};

export const LOCK_CODES = Object.keys(LOCK_FAILURES) as RedisLockErrorCode[];
