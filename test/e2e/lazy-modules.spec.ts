import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { LockClosedError, RedisLockModule, RedisLockService, WithLock } from 'nestjs-redis-lock';
import { eventually } from '../support/eventually.js';
import { sendCommand } from '../support/send-command.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

const url = process.env.TEST_REDIS_URL ?? '';

@Injectable()
class Reports {
  constructor(readonly locks: RedisLockService) {}

  @WithLock('report')
  async build(): Promise<string | undefined> {
    return Promise.resolve(this.locks.current()?.key);
  }
}

describe('a lock module that is loaded lazily', () => {
  let app: INestApplicationContext;
  let name = '';

  const connections = async (): Promise<number> =>
    String(await sendCommand(url, 'CLIENT', 'LIST')).split(`name=${name} `).length - 1;

  const lockModule = (): ReturnType<typeof RedisLockModule.forRoot> => {
    const { hostname: host, port } = new URL(url);
    return RedisLockModule.forRoot({
      connection: { host, port: Number(port), connectionName: name },
      keyPrefix: `${name}:`,
    });
  };

  beforeEach(async () => {
    name = uniqueKey('lazy').replaceAll(':', '-');
    app = await NestFactory.createApplicationContext(class RootModule {}, { logger: false });
    await app.init();
  });

  afterEach(() => app.close());

  it('N9: locks, gives its locks back and closes its connection when the app is closed', async () => {
    @Module({ imports: [lockModule()], providers: [Reports] })
    class LazyModule {}
    const reports = (await app.get(LazyModuleLoader).load(() => LazyModule)).get(Reports);
    expect(await reports.build()).toBe('report');
    const lock = await reports.locks.acquire('held');
    expect(await connections()).toBe(1);
    const waiting = rejection(reports.locks.acquire('held', { reentry: 'wait' }));
    const closed = app.close();
    expect(await waiting).toBeInstanceOf(LockClosedError);
    expect(await lock.release()).toBe('released');
    await closed;
    await eventually(async () => (await connections()) === 0);
    await expect(reports.build()).rejects.toThrow(LockClosedError);
  });

  it('N9: is refused when the app has one of its name', async () => {
    const loader = app.get(LazyModuleLoader);
    await loader.load(() => lockModule());
    expect(String(await rejection(loader.load(() => lockModule())))).toMatch(/two lock modules have this name/u);
  });
});
