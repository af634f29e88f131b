import { type DynamicModule, Module } from '@nestjs/common';
import { type Redis } from 'ioredis';
import { RedisLockModule } from 'nestjs-redis-lock';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import { OrdersController } from './orders.controller.js';

/** What keeps the locks: the store of nestjs-redis-lock/testing, a server named by URL, or a client that the app owns. */
export type Backend = { memory: true } | { url: string } | { client: Redis };

function locks(backend: Backend): DynamicModule {
  if ('memory' in backend) return RedisLockTestingModule.forRoot();
  if ('url' in backend) return RedisLockModule.forRootAsync({ useFactory: () => ({ connection: backend.url }) });
  return RedisLockModule.forRoot({ connection: backend.client, keyPrefix: 'borrowed:' });
}

@Module({})
export class AppModule {
  static on(backend: Backend): DynamicModule {
    return { module: AppModule, imports: [locks(backend)], controllers: [OrdersController] };
  }
}
