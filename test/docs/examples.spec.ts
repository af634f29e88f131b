import 'reflect-metadata';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Global, Module, UseFilters, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { Redis } from 'ioredis';
import { RedisLockModule, RedisLockService, WithLock } from '../../lib/index.js';
import { deferred } from '../support/deferred.js';
import { PLATFORMS } from '../support/http-app.js';
import { uniqueKey } from '../support/unique-key.js';
import { BusyFilter } from './examples/busy-filter.js';
import { Reports } from './examples/job.js';
import { AppModule as NamedModule, Stock } from './examples/named.js';
import { startAppWithoutRedis } from './examples/e2e-test.js';
import { AppModule as QuickStartModule } from './examples/quick-start.js';
import { Invoices } from './examples/service.js';
import { testReports } from './examples/unit-test.js';
import { testThatReportsAreSkippedWhenBusy } from './examples/unit-test-busy.js';
import { testPaymentAlone } from './examples/unit-test-pass-through.js';

const url = process.env.TEST_REDIS_URL ?? '';

/** The examples name the address that users have; here is another. */
function onTestServer(module: { new (): unknown }): void {
  const imports = Reflect.getMetadata('imports', module) as unknown[];
  Reflect.defineMetadata('imports', [RedisLockModule.forRoot({ connection: url }), ...imports.slice(1)], module);
}

describe('examples of the README', () => {
  let app: INestApplication | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  it('quick start: pays one order at a time', async () => {
    onTestServer(QuickStartModule);
    app = await NestFactory.create(QuickStartModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const paid = await fetch(`${await app.getUrl()}/orders/42/payment`, { method: 'POST' });
    expect([paid.status, await paid.json()]).toEqual([201, { paid: 42 }]);

    const lock = await app.get(RedisLockService).acquire('order:42');
    const stop = new AbortController();
    const waiting = fetch(`${await app.getUrl()}/orders/42/payment`, { method: 'POST', signal: stop.signal });
    const other = await fetch(`${await app.getUrl()}/orders/43/payment`, { method: 'POST' });
    expect(other.status).toBe(201);
    await lock.release();
    expect((await waiting).status).toBe(201);
  });

  it('service: locks, and skips when busy', async () => {
    @Module({ imports: [RedisLockModule.forRoot({ connection: url })], providers: [Invoices] })
    class ServiceModule {}
    app = await NestFactory.create(ServiceModule, { logger: false });
    const invoices = app.get(Invoices);
    const id = uniqueKey();
    const first = await invoices.send(id, (token) => Promise.resolve(`sent ${token > 0}`));
    expect(first).toBe('sent true');

    const busy = deferred();
    const held = invoices.send(id, async () => {
      await busy.promise;
      return 'done';
    });
    const deliver = jest.fn(() => Promise.resolve());
    while ((await app.get(RedisLockService).inspect(`invoice:${id}`)) === null);
    await invoices.sendUnlessSomebodyDoes(id, deliver);
    expect(deliver).not.toHaveBeenCalled();
    busy.resolve();
    await held;
    await invoices.sendUnlessSomebodyDoes(id, deliver);
    expect(deliver).toHaveBeenCalledTimes(1);
    expect(await app.get(RedisLockService).inspect(`invoice:${id}`)).toBeNull();
  });

  it('job: runs once, however many replicas', async () => {
    const prefix = uniqueKey();
    @Module({
      imports: [ScheduleModule.forRoot(), RedisLockModule.forRoot({ connection: url, keyPrefix: prefix })],
      providers: [Reports],
    })
    class JobModule {}
    const replicas = await Promise.all(
      [1, 2, 3].map(() => NestFactory.createApplicationContext(JobModule, { logger: false })),
    );
    const reports = replicas.map((replica) => replica.get(Reports));
    await Promise.all(reports.map((report) => report.nightly()));
    expect(reports.reduce((sum, { sent }) => sum + sent, 0)).toBe(1);
    expect(await reports[0]?.build({ customer: 'c1', month: 5 })).toBe('c1 5');
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  it('named: two services, one on a borrowed client', async () => {
    const redis = new Redis(url);
    process.env.REDIS_URL = url;
    @Global()
    @Module({ providers: [{ provide: 'REDIS', useValue: redis }], exports: ['REDIS'] })
    class ClientModule {}
    @Module({ imports: [ClientModule, NamedModule] })
    class RootModule {}
    app = await NestFactory.create(RootModule, { logger: false });
    const stock = app.get(Stock);
    const lock = await stock.locks.acquire('item:1');
    expect(await redis.exists('stock:item:1')).toBe(1);
    await lock.release();
    expect(await stock.take('1')).toBe('1');
    expect(stock.locks).not.toBe(app.get(RedisLockService));
    await app.close();
    app = undefined;
    expect(await redis.ping()).toBe('PONG');
    await redis.quit();
  });

  it.each(PLATFORMS)('busy filter: answers as it says on $platform', async ({ adapter }) => {
    const key = uniqueKey();
    @Controller()
    class BusyController {
      @Get()
      @UseFilters(BusyFilter)
      @WithLock(key, { wait: 0 })
      async get() {
        return 'free';
      }
    }
    @Module({ imports: [RedisLockModule.forRoot({ connection: url })], controllers: [BusyController] })
    class BusyModule {}
    app = await NestFactory.create(BusyModule, adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    const lock = await app.get(RedisLockService).acquire(key);
    const busy = await fetch(await app.getUrl());
    expect([busy.status, await busy.text()]).toEqual([423, expect.stringMatching(/^locked, waited \d+ ms$/)]);
    await lock.release();
    expect(await (await fetch(await app.getUrl())).text()).toBe('free');
  });

  it('unit test: locks without Redis', async () => {
    expect(await testReports()).toBe('c1 5');
  });

  it('unit test: makes a lock busy', async () => {
    expect(await testThatReportsAreSkippedWhenBusy()).toBeUndefined();
  });

  it('e2e test: runs the whole app without Redis', async () => {
    const { app, control } = await startAppWithoutRedis();
    const held = await app.get(RedisLockService).acquire('order:42');
    expect(await control.lose('order:42')).toBe(true);
    expect(held.isHeld).toBe(false);
    expect(await (await fetch(`${await app.getUrl()}/orders/42/payment`, { method: 'POST' })).json()).toEqual({
      paid: 42,
    });
    await app.close();
  });

  it('unit test: passes through', async () => {
    expect(await testPaymentAlone()).toEqual({ paid: 42 });
  });
});
