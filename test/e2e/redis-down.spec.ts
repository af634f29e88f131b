import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { LockBackendError, WithLock } from 'nestjs-redis-lock';
import { freePort } from '../../sample/redis/free-port.js';
import { watchDelay } from '../support/delay.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { startContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

@Controller()
class OrderController {
  @Get('order')
  @WithLock('order', { wait: 50 })
  async order(): Promise<string> {
    return 'done';
  }

  @Get('missing')
  @WithLock('order:{query.id}')
  async missing(): Promise<void> {}

  @Get('guarded')
  @UseGuards({ canActivate: () => false })
  @WithLock('order')
  async guarded(): Promise<void> {}
}

describe.each(PLATFORMS)('without Redis, on $platform', ({ adapter }) => {
  let http: HttpApp;
  let redis: RedisServer | undefined;

  afterEach(async () => {
    await http.close();
    await redis?.stop('SIGKILL');
    redis = undefined;
  });

  const status = async (path: string): Promise<number> => (await fetch(`${http.url}/${path}`)).status;

  it('O1: the app starts, answers 503, and works as soon as Redis is there', async () => {
    const port = await freePort();
    http = await startHttpApp(adapter, {
      controllers: [OrderController],
      lock: { connection: `redis://127.0.0.1:${port}` },
    });
    const response = await fetch(`${http.url}/order`);
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'LOCK_BACKEND' }]);
    redis = await startRedis({ port });
    await eventually(async () => (await status('order')) === 200);
    expect(http.log.at('warn').filter((text) => text.includes('connection to Redis failed'))).toHaveLength(1);
  });

  it('O1: the app works again after Redis was away', async () => {
    redis = await startRedis();
    const { port, url } = redis;
    http = await startHttpApp(adapter, { controllers: [OrderController], lock: { connection: url } });
    await eventually(async () => (await status('order')) === 200);
    await redis.stop('SIGKILL');
    expect(await status('order')).toBe(503);
    // A server that is back before the client has looked for it was never away.
    await eventually(() => http.log.at('warn').some((text) => text.includes('connection to Redis failed')));
    redis = await startRedis({ port });
    await eventually(async () => (await status('order')) === 200);
    // The beginning and the end of the outage are told, each once.
    expect(http.log.at('warn').filter((text) => text.includes('connection to Redis failed'))).toHaveLength(1);
    expect(http.log.at('log').filter((text) => text.includes('connection to Redis is back'))).toHaveLength(1);
  });

  it('D2b N6: what fails before the lock is taken does not ask Redis', async () => {
    http = await startHttpApp(adapter, { controllers: [OrderController], lock: { connection: 'redis://127.0.0.1:1' } });
    expect([await status('missing'), await status('guarded')]).toEqual([400, 403]);
  });
});

describe('a lock service', () => {
  const delay = watchDelay(process.env.TEST_REDIS_URL);
  const tookLessThan = (ms: number, begin: number): void =>
    expect(performance.now() - begin).toBeLessThan(delay.limit(ms, begin));

  afterAll(() => delay.stop());

  it.each([{ wait: 0 }, { wait: 100 }])(
    'W4: on a dead address refuses after $wait ms and closes at once',
    async ({ wait }) => {
      const { app, locks } = await startContext({ lock: { connection: 'redis://127.0.0.1:1' } });
      const start = performance.now();
      await expect(locks.acquire('it', { wait })).rejects.toThrow(LockBackendError);
      tookLessThan(wait + 200, start);
      const closing = performance.now();
      await app.close();
      tookLessThan(200, closing);
    },
  );

  it('W4: on a dead address refuses a caller with default options long before `wait` is over', async () => {
    const { app, locks } = await startContext({ lock: { connection: 'redis://127.0.0.1:1', defaults: {} } });
    const start = performance.now();
    await expect(locks.acquire('it')).rejects.toThrow(LockBackendError);
    const took = performance.now() - start;
    expect([took >= 1_990, took < 9_000]).toEqual([true, true]);
    await app.close();
  });

  it('O2: closes although Redis does not answer', async () => {
    const redis = await startRedis();
    const { app, locks } = await startContext({ lock: { connection: redis.url } });
    await locks.withLock('it', () => undefined);
    redis.pause();
    const closing = performance.now();
    await app.close();
    tookLessThan(2_000, closing);
    await redis.stop('SIGKILL');
  });
});
