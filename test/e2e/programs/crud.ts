import 'reflect-metadata';
import { Controller, Injectable, Param, ParseIntPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Crud, CrudService, Override } from '@dataui/crud';
import { RedisLockModule, RedisLockService, WithLock } from 'nestjs-redis-lock';
import { PLATFORMS } from '../../support/http-app.js';

class Order {
  id!: number;
}

/** Of the route that is overridden nothing is called. */
@Injectable()
class OrderService extends (CrudService as unknown as new () => object) {}

@Crud({
  model: { type: Order },
  routes: { only: ['deleteOneBase'] },
  params: { id: { field: 'id', type: 'number', primary: true } },
})
@Controller('orders')
class OrderController {
  constructor(
    readonly service: OrderService,
    private readonly locks: RedisLockService,
  ) {}

  @Override()
  @WithLock('order:{0}')
  async deleteOne(@Param('id', ParseIntPipe) id: number): Promise<object> {
    return { id, key: this.locks.current()?.key };
  }
}

const { PLATFORM, KEY_PREFIX: keyPrefix = '', TEST_REDIS_URL: connection = '' } = process.env;
const adapter = PLATFORMS.find(({ platform }) => platform === PLATFORM)?.adapter();
if (adapter === undefined) throw new Error(`No platform is called ${PLATFORM}.`);
const module = {
  module: class RootModule {},
  imports: [RedisLockModule.forRoot({ connection, keyPrefix })],
  controllers: [OrderController],
  providers: [OrderService],
};
const app = await NestFactory.create(module, adapter, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const response = await fetch(`${await app.getUrl()}/orders/7`, { method: 'DELETE' });
console.log(response.status, await response.text());
await app.close();
