import { Inject } from '@nestjs/common';
import { getRedisLockToken } from '../redis-lock.tokens.js';

/**
 * Injects a lock service. Without a name the class `RedisLockService` as a type is enough.
 *
 * @param name - the `name` that the module was given.
 * @publicApi
 */
export function InjectRedisLock(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getRedisLockToken(name));
}
