import { Test } from '@nestjs/testing';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import { OrderController } from './quick-start.js';

export async function testPaymentAlone() {
  const imports = [RedisLockTestingModule.forRoot({ passThrough: true })]; // no lock, and no key: there is no request here
  const module = await Test.createTestingModule({ imports, controllers: [OrderController] }).compile();
  return module.get(OrderController).pay(42);
}
