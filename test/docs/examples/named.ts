import { Injectable, Module } from '@nestjs/common';
import { InjectRedisLock, RedisLockModule, RedisLockService, WithLock } from 'nestjs-redis-lock';
import { Redis } from 'ioredis';

@Injectable()
export class Stock {
  constructor(@InjectRedisLock('stock') readonly locks: RedisLockService) {}

  @WithLock('item:{0}', { name: 'stock' })
  async take(item: string) {
    return item;
  }
}

@Module({
  imports: [
    RedisLockModule.forRootAsync({
      useFactory: () => ({ connection: process.env.REDIS_URL ?? 'redis://localhost:6379' }),
    }),
    RedisLockModule.forRootAsync({
      name: 'stock',
      inject: ['REDIS'],
      useFactory: (redis: Redis) => ({ connection: redis, keyPrefix: 'stock:', defaults: { ttl: 5_000 } }),
    }),
  ],
  providers: [Stock],
})
export class AppModule {}
