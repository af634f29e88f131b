import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const KEYS = 30_000;
const AT_ONCE = 500;
const WAITERS = 10_000;

const url = process.env.REDIS_URL ?? '';
const client = new Redis(url);
const contexts = await Promise.all(
  [client, url].map((connection) =>
    NestFactory.createApplicationContext(
      { module: class RootModule {}, imports: [RedisLockModule.forRoot({ connection })] },
      { logger: false },
    ),
  ),
);
const [locks, others] = contexts.map((context) => context.get(RedisLockService)) as [
  RedisLockService,
  RedisLockService,
];

/** Distinct keys, each taken once; on every tenth two processes meet. */
async function takeKeys(from: number, count: number): Promise<void> {
  for (let start = from; start < from + count; start += AT_ONCE) {
    const keys = Array.from({ length: AT_ONCE }, (_, index) => `key:${start + index}`);
    const both = keys.flatMap((key, index) => [
      locks.withLock(key, () => undefined),
      ...(index % 10 === 0 ? [others.withLock(key, () => undefined)] : []),
    ]);
    await Promise.all(both);
  }
}

/** So many wait at once, and all give up. */
async function crowd(): Promise<void> {
  const lock = await others.acquire('crowd');
  const abort = new AbortController();
  const waiters = Array.from({ length: WAITERS }, () =>
    locks.acquire('crowd', { wait: Infinity, signal: abort.signal }).catch(() => undefined),
  );
  await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  await Promise.all(waiters);
  await lock.release();
}

function footprint(): Record<string, unknown> {
  collectGarbage();
  const listeners = client.eventNames().map((event) => `${String(event)} ${client.listenerCount(event)}`);
  const resources = process.getActiveResourcesInfo();
  return { listeners, sockets: resources.filter((name) => name.startsWith('TCP')).length };
}

await takeKeys(0, KEYS / 5);
await crowd();
const before = footprint();
const heapBefore = process.memoryUsage().heapUsed;
await takeKeys(KEYS, KEYS);
await crowd();
const after = footprint();
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const heapGrowth = process.memoryUsage().heapUsed - heapBefore;
const channels = (await client.pubsub('CHANNELS')) as string[];
const left = (await client.keys('*')).filter((key) => !key.endsWith('\x1ffence'));
console.log(JSON.stringify({ before, after, timers, bytesPerKey: heapGrowth / KEYS, channels: channels.length, left }));
await Promise.all(contexts.map((context) => context.close()));
client.disconnect();
