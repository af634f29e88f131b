import { NestFactory } from '@nestjs/core';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';
import { reportIdle } from '../../support/report-idle.js';

const module = {
  module: class RootModule {},
  imports: [RedisLockModule.forRoot({ connection: 'redis://127.0.0.1:1' })],
};
const app = await NestFactory.createApplicationContext(module, { logger: false });
await app
  .get(RedisLockService)
  .acquire('it', { wait: 0 })
  .catch((error: Error) => console.log('refused:', error.name));
await app.close();
reportIdle();
