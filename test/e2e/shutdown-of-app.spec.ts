import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LockClosedError, LockLostError, RedisLockService, WithLock } from 'nestjs-redis-lock';
import request, { type Response } from 'supertest';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp } from '../support/http-app.js';
import { startContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const stage = { work: new Checkpoint() };

@Controller()
class WorkController {
  @Get()
  @WithLock('it')
  async work(): Promise<string> {
    await stage.work.pass();
    return 'done';
  }
}

@Injectable()
class LastWords implements OnModuleDestroy {
  static outcome: unknown;

  constructor(private readonly locks: RedisLockService) {}

  async onModuleDestroy(): Promise<void> {
    LastWords.outcome = await this.locks.withLock('last', () => 'said').catch((error: unknown) => error);
  }
}

describe('a shutdown', () => {
  let redis: RedisServer;

  beforeEach(async () => {
    stage.work = new Checkpoint();
    redis = await startRedis();
  });

  afterEach(() => redis.stop('SIGKILL'));

  const clients = async (): Promise<number> =>
    String(await redis.command('CLIENT', 'LIST'))
      .trim()
      .split('\n').length - 1;

  it.each(PLATFORMS)(
    'O2: lets the handler in flight finish, and sends those that wait away, on $platform',
    async ({ adapter }) => {
      const http = await startHttpApp(adapter, {
        controllers: [WorkController],
        lock: { connection: redis.url, keyPrefix: '' },
      });
      // Each over a connection of its own: one that is kept alive would hold the server up.
      const get = (): Promise<Response> => request(http.url).get('/').then();
      const inFlight = get();
      await stage.work.arrived();
      const waiting = [get(), get()];
      await eventually(async () => (await http.locks.inspect('it'))?.waiting === 2);
      const closed = http.app.close();
      for (const { status, body } of await Promise.all(waiting))
        expect([status, body]).toMatchObject([503, { code: 'LOCK_CLOSED' }]);
      expect(stage.work.inside).toBe(1);
      await expect(http.locks.acquire('another')).rejects.toThrow(LockClosedError);
      expect(await redis.command('EXISTS', 'it')).toBe(1);
      expect(await clients()).toBe(1);
      stage.work.open();
      expect((await inFlight).text).toBe('done');
      await closed;
      expect(await redis.command('EXISTS', 'it')).toBe(0);
      expect(await clients()).toBe(0);
    },
  );

  it('O2: takes the lock from a holder that does not finish within the grace, and tells it', async () => {
    const { app, locks } = await startContext({ lock: { connection: redis.url, keyPrefix: '', shutdownGrace: 50 } });
    const lock = await locks.acquire('it');
    await app.close();
    expect(lock.isHeld).toBe(false);
    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    expect((lock.signal.reason as LockLostError).reason).toBe('shutdown');
    expect(await redis.command('EXISTS', 'it')).toBe(0);
    expect(await clients()).toBe(0);
  });

  it('O2: hands locks out until the modules are destroyed', async () => {
    const { app } = await startContext({ providers: [LastWords], lock: { connection: redis.url } });
    await app.close();
    expect(LastWords.outcome).toBe('said');
  });

  it('O2: can be asked for twice', async () => {
    const { app, locks } = await startContext({ lock: { connection: redis.url } });
    await locks.withLock('it', () => undefined);
    await Promise.all([app.close(), app.close()]);
    await app.close();
    expect(await clients()).toBe(0);
  });

  it('X2: leaves no listener on a client that was lent', async () => {
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.url);
    await client.ping();
    const before = client.eventNames().map((name) => client.listenerCount(name));
    const { app, locks } = await startContext({ lock: { connection: client } });
    await locks.withLock('it', () => undefined);
    await app.close();
    expect(client.eventNames().map((name) => client.listenerCount(name))).toEqual(before);
    await client.quit();
  });
});
