export { CurrentLock } from './with-lock/current-lock.decorator.js';
export { InjectRedisLock } from './with-lock/inject-redis-lock.decorator.js';
export type { WithLockDecorator, WithLockDecoratorFor } from './with-lock/with-lock-decorator.type.js';
export { WithLock } from './with-lock/with-lock.decorator.js';
export { LockBackendError } from './errors/lock-backend.error.js';
export { LockClosedError } from './errors/lock-closed.error.js';
export { LockKeyError } from './errors/lock-key.error.js';
export { LockLostError, type LockLostReason } from './errors/lock-lost.error.js';
export { LockNotAcquiredError } from './errors/lock-not-acquired.error.js';
export { LockNotHeldError } from './errors/lock-not-held.error.js';
export { LockQueueFullError } from './errors/lock-queue-full.error.js';
export { LockReentryError } from './errors/lock-reentry.error.js';
export { RedisLockError, type RedisLockErrorCode } from './errors/redis-lock.error.js';
export { RedisLockOptionsError } from './errors/redis-lock-options.error.js';
export { RedisLockExceptionFilter } from './with-lock/handler/redis-lock-exception.filter.js';
export { WithLockInterceptor } from './with-lock/handler/with-lock.interceptor.js';
export type { LockInfo } from './interfaces/lock-info.interface.js';
export type { LockOptions } from './interfaces/lock-options.interface.js';
export type { Lock, ReleaseOutcome } from './interfaces/lock.interface.js';
export type {
  ClusterConnection,
  Connection,
  LockQuantum,
  RedisLockModuleAsyncOptions,
  RedisLockModuleExtras,
  RedisLockModuleOptions,
  RedisLockOptionsFactory,
} from './interfaces/module-options.interface.js';
export type { RedisClient } from './interfaces/redis-client.interface.js';
export type {
  LockBusyContext,
  LockKey,
  LockKeyContext,
  WithLockOptions,
} from './interfaces/with-lock-options.interface.js';
export { lockKey } from './with-lock/key/lock-key.js';
export { RedisLockModule } from './redis-lock.module.js';
export { RedisLockService } from './redis-lock.service.js';
export { getRedisLockToken } from './redis-lock.tokens.js';
