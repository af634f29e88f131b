// A class that is decorated by one copy of the package, in an app whose module is of another.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const [first, kind] = process.argv.slice(2);
const formats = {
  esm: () => import('./node_modules/nestjs-redis-lock/dist/esm/index.js'),
  cjs: () => createRequire(import.meta.url)('./node_modules/nestjs-redis-lock/dist/cjs/index.js'),
};
const decorating = await formats[first]();
const serving = await formats[first === 'esm' ? 'cjs' : 'esm']();

class OrderController {
  async order() {}
}
const decorate = (...decorators) => {
  const descriptor = decorators.reduceRight(
    (given, decorator) => decorator(OrderController.prototype, 'order', given) ?? given,
    Object.getOwnPropertyDescriptor(OrderController.prototype, 'order'),
  );
  Object.defineProperty(OrderController.prototype, 'order', descriptor);
};
decorate(Get(), decorating.WithLock('order'));
Controller()(OrderController);

const connection = process.env.REDIS_URL;
const locks = (copy) => copy.RedisLockModule.forRoot({ connection });
class AppModule {}
Module(
  {
    made: () => ({ imports: [locks(serving)], controllers: [OrderController] }),
    elsewhere: () => ({
      imports: [locks(serving)],
      providers: [{ provide: 'orders', useFactory: () => new OrderController() }],
    }),
    both: () => ({ imports: [locks(serving), locks(decorating)], controllers: [OrderController] }),
  }[kind](),
)(AppModule);

try {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  const orders = kind === 'elsewhere' ? app.get('orders') : app.get(OrderController);
  await orders.order().then(
    () => console.log('locked'),
    (error) => console.log(error.message),
  );
  await app.close();
} catch (error) {
  console.log(error.message);
}
