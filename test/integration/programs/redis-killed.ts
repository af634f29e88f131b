import { NestFactory } from '@nestjs/core';
import { RedisLockModule, RedisLockService, type LockOptions } from 'nestjs-redis-lock';

/** What goes on in the process while its Redis is killed, all at once, and what becomes of it. */
const WORK: Record<string, (locks: RedisLockService, isDown: Promise<void>) => Promise<unknown>> = {
  idle: async (_, isDown) => isDown,
  acquire: async (locks) => {
    const options: LockOptions = { wait: 400 };
    const held = await locks.acquire('held', { ttl: 60_000 });
    const waiting = [
      locks.acquire('held', options),
      locks.acquire('held', options),
      locks.tryAcquire('free').then((lock) => lock?.release()),
    ];
    const outcomes = await Promise.allSettled(waiting);
    void held;
    return outcomes.map(({ status }) => status);
  },
  renew: async (locks) => {
    const lock = await locks.acquire('renewed', { ttl: 300 });
    await new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
    return lock.signal.reason.reason;
  },
  extend: async (locks, isDown) => {
    const lock = await locks.acquire('extended', { ttl: 60_000 });
    await isDown;
    return lock.extend().catch((error: Error) => error.name);
  },
  release: async (locks, isDown) => {
    const lock = await locks.acquire('released', { ttl: 1_000 });
    await isDown;
    return Promise.all([
      lock.release().catch((error: Error) => error.name),
      lock.release().catch((error: Error) => error.name),
    ]);
  },
  'with-lock': async (locks, isDown) => locks.withLock('used', { ttl: 1_000 }, () => isDown.then(() => 'result')),
  dispose: async (locks, isDown) => {
    const lock = await locks.acquire('disposed', { ttl: 1_000 });
    await isDown;
    await lock[Symbol.asyncDispose]();
    return 'disposed';
  },
  operator: async (locks, isDown) => {
    await isDown;
    return Promise.all([
      locks.inspect('a').catch((error: Error) => error.name),
      locks.forceRelease('a').catch((error: Error) => error.name),
    ]);
  },
};

for (const event of ['unhandledRejection', 'uncaughtException', 'warning'])
  process.on(event, (what) => console.log(`${event}:`, what));
process.on('exit', (code) => console.log('exit code', code));

const module = {
  module: class RootModule {},
  imports: [RedisLockModule.forRoot({ connection: process.env.REDIS_URL ?? '', shutdownGrace: 0 })],
};
const app = await NestFactory.createApplicationContext(module, { logger: false });
const locks = app.get(RedisLockService);
const isDown = new Promise<void>((resolve) => process.on('SIGUSR2', () => resolve()));
// Connected, and every script known.
await locks.withLock('warm', (lock) => lock.extend());
const works = Object.entries(WORK).map(async ([name, work]) => [name, await work(locks, isDown)]);
setTimeout(() => console.log('ready'), 100);
console.log(JSON.stringify(Object.fromEntries(await Promise.all(works))));
// Whatever comes late has its time.
await new Promise((resolve) => setTimeout(resolve, 300));
await app.close();
console.log('closed');
