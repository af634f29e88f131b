import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';

/** It waits for a wake-up, so there is no eagerness to choose: only `ttl` and `wait` are given. */
export async function setup(client) {
  const app = await NestFactory.createApplicationContext(RedisLockModule.forRoot({ connection: client }), {
    logger: ['error', 'warn'],
  });
  const locks = app.get(RedisLockService);
  return {
    acquire: async (key, terms) => {
      const lock = await locks.acquire(key, terms && { ttl: terms.ttl, wait: terms.wait });
      return async () => {
        const outcome = await lock.release();
        if (outcome !== 'released') throw new Error(`released too late: ${outcome}`);
      };
    },
    close: () => app.close(),
  };
}
