import { NestFactory } from '@nestjs/core';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';
import { reportIdle } from '../../support/report-idle.js';

const connection = process.env.TEST_REDIS_URL ?? '';
const module = { module: class RootModule {}, imports: [RedisLockModule.forRoot({ connection })] };
const app = await NestFactory.createApplicationContext(module, { logger: false });
const locks = app.get(RedisLockService);
const held = await locks.acquire('exit', { ttl: 60_000 });
console.log('refused:', (await locks.tryAcquire('exit')) === null);
const late = locks.acquire('exit', { wait: 60_000 });
await held.release();
await (await late).release();
await app.close();
reportIdle();
