import type { DynamicModule } from '@nestjs/common';
import { RedisLockModule, type LockOptions } from 'nestjs-redis-lock';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';

/** Locks in Redis, or, without a Redis, in memory. */
export function lockModule(redisUrl: string | undefined, defaults: LockOptions = {}): DynamicModule {
  return redisUrl === undefined
    ? RedisLockTestingModule.forRoot({ defaults })
    : RedisLockModule.forRoot({ connection: redisUrl, defaults });
}
