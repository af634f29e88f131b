import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Activity } from './activity/activity.js';
import { MemoryActivity } from './activity/memory-activity.js';
import { RedisActivity } from './activity/redis-activity.js';
import { MemoryStockStore } from './books/memory-stock-store.js';
import { RedisStockStore } from './books/redis-stock-store.js';
import { StockStore } from './books/stock-store.js';
import { lockModule } from './lock-module.js';
import { RedisConnection } from './redis/redis-connection.js';
import { ShopSetting } from './shop-setting.js';

/** Locks, books and news: in Redis for all processes, or in the memory of the only one. */
@Module({})
export class BackendModule {
  static for(setting: ShopSetting): DynamicModule {
    const { redisUrl, name } = setting;
    return {
      module: BackendModule,
      global: true,
      imports: [lockModule(redisUrl, { metadata: name })], // So that inspect() tells which process holds a lock.
      providers: [
        { provide: ShopSetting, useValue: setting },
        ...(redisUrl === undefined ? IN_MEMORY : inRedis(redisUrl)),
      ],
      exports: [ShopSetting, StockStore, Activity],
    };
  }
}

const IN_MEMORY: Provider[] = [
  { provide: StockStore, useClass: MemoryStockStore },
  { provide: Activity, useClass: MemoryActivity },
];

function inRedis(url: string): Provider[] {
  return [
    { provide: Redis, useFactory: () => new Redis(url) },
    { provide: StockStore, useClass: RedisStockStore },
    { provide: Activity, useClass: RedisActivity },
    RedisConnection,
  ];
}
