import type { InjectionToken } from '@nestjs/common';
import { RedisLockService } from './redis-lock.service.js';

/**
 * The injection token of a lock service, for tests and factories: the class `RedisLockService` itself, or for a named one a string.
 *
 * @param name - the `name` that the module was given; default: that without one.
 * @publicApi
 */
export function getRedisLockToken(name?: string): InjectionToken<RedisLockService> {
  return name === undefined ? RedisLockService : `RedisLockService(${name})`;
}
