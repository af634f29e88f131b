import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';

const {
  URL = '',
  KEY = 'a',
  CALLERS = '1',
  HOLD_MS = '5',
  TIMES = 'Infinity',
  WAIT = '10000',
  TTL = '30000',
} = process.env;

@Module({ imports: [RedisLockModule.forRoot({ connection: URL, keyPrefix: 'lock:', shutdownGrace: 0 })] })
class AppModule {}

/** An app whose callers take one lock over and over: prints `+` for each lock, and why a call failed. */
const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const locks = app.get(RedisLockService);

const call = (): Promise<unknown> =>
  locks
    .withLock(KEY, { ttl: Number(TTL), wait: Number(WAIT) }, async () => {
      process.stdout.write('+');
      await sleep(Number(HOLD_MS));
    })
    .catch((error: Error & { code?: string }) => process.stdout.write(`\n${error.code ?? error.message}\n`));

const caller = async (): Promise<void> => {
  for (let turn = 0; turn < Number(TIMES); turn += 1) await call();
};

process.stdout.write('ready\n');
await Promise.all(Array.from({ length: Number(CALLERS) }, caller));
await app.close();
