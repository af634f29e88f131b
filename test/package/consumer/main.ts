// Runs the app for real and asks it over HTTP. Prints `ok NAME` or `not ok NAME` for each check, then `end`.
import 'reflect-metadata';
import * as assert from 'node:assert';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { LockNotAcquiredError, RedisLockService } from 'nestjs-redis-lock';
import { AppModule, type Backend } from './app.module.js';
import { OrdersController } from './orders.controller.js';
import { testWithoutRedis } from './whole-app.js';

const REQUESTS = 6;

async function check(name: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}: ${error instanceof Error ? error.message.replace(/\s+/gu, ' ') : String(error)}`);
  }
}

async function serve(backend: Backend): Promise<void> {
  const app = await NestFactory.create(AppModule.on(backend), { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const post = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/orders/${path}`, { method: 'POST' });
  const orders = app.get(OrdersController);
  const service = app.get(RedisLockService);

  await check('concurrent requests for one key are inside one at a time', async () => {
    const replies = await Promise.all(Array.from({ length: REQUESTS }, () => post('1/pay')));
    assert.deepStrictEqual(
      replies.map((reply) => reply.status),
      Array(REQUESTS).fill(201),
    );
    assert.deepStrictEqual(await replies[0]?.json(), { id: '1', held: true });
    assert.strictEqual(orders.mostAtOnce, 1);
  });

  await check('fencing tokens increase', async () => {
    assert.strictEqual(new Set(orders.fencingTokens).size, REQUESTS);
    assert.deepStrictEqual(
      orders.fencingTokens,
      [...orders.fencingTokens].sort((a, b) => a - b),
    );
  });

  await check('a busy key answers 409, another key goes on', async () => {
    const entered = orders.nextHolder();
    const holder = post('2/hold');
    await entered;
    const [busy, other] = await Promise.all([post('2/try'), post('3/try')]);
    assert.strictEqual(busy.status, 409);
    assert.strictEqual(other.status, 201);
    orders.letGo();
    assert.strictEqual((await holder).status, 201);
    assert.strictEqual((await post('2/try')).status, 201);
  });

  await check('the injected service locks, refuses and releases', async () => {
    await service.withLock('stock', async (lock) => {
      assert.strictEqual(lock.isHeld, true);
      assert.strictEqual(await service.tryAcquire('stock', { reentry: 'wait' }), null);
      await assert.rejects(service.acquire('stock', { wait: 0, reentry: 'wait' }), LockNotAcquiredError);
    });
    for (const key of ['stock', 'order:1', 'order:2', 'order:3']) assert.strictEqual(await service.inspect(key), null);
  });

  await app.close();
}

async function main(): Promise<void> {
  const [kind, url = ''] = process.argv.slice(2);
  if (kind === 'memory') {
    await serve({ memory: true });
    await check('a test of the whole app runs without Redis', testWithoutRedis);
  } else if (kind === 'url') await serve({ url });
  else {
    const client = new Redis(url);
    await serve({ client });
    await check('a client that was handed in stays open', async () => {
      assert.strictEqual(await client.ping(), 'PONG');
      await client.quit();
    });
  }
  // No process.exit(): whatever the library left open would keep the process alive, and that is a failure.
  console.log('end');
}

void main();
