import { RedisModule, RedisToken } from '@nestjs-redis/client';
import { Redlock, RedlockModule } from '@nestjs-redis/lock';
import { POLL, retries } from './polling.mjs';

export const imports = ({ url, wait }) => [
  RedisModule.forRoot({ isGlobal: true, options: { url, disableOfflineQueue: true } }), // Commands fail at once when Redis is down.
  RedlockModule.forRootAsync({
    inject: [RedisToken()],
    useFactory: (redis) => ({
      clients: [redis],
      redlockConfig: {
        retryDelayMs: POLL,
        retryJitterMs: 0,
        maxRetryAttempts: retries(wait),
        automaticExtensionThreshold: 1_000,
      },
    }),
  }),
];

export const lock = (key, { ttl }) => Redlock(key, ttl);
