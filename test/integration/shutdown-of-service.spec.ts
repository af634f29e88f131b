import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { LockClosedError, LockLostError, type Lock } from 'nestjs-redis-lock';
import { deferred } from '../support/deferred.js';
import { watchDelay } from '../support/delay.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection, watch } from '../support/watch.js';
import { WARM_UP } from '../support/patience.mjs';

describe('O2: a shutdown of the service', () => {
  let server: RedisServer;
  let context: NestContext;

  const open = async (shutdownGrace: number, connection: string | Redis = server.url): Promise<NestContext> =>
    (context = await startContext({ lock: { connection, keyPrefix: 'lock:', shutdownGrace } }));
  const ownKeys = (): Promise<unknown> => server.command('KEYS', 'lock:*');

  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await context.app.close();
    await server.stop('SIGKILL');
  });

  it('tells waiters at once, and lets the holder finish within the grace', async () => {
    const { app, locks, log } = await open(60_000);
    const go = deferred();
    const begun = deferred<Lock>();
    const work = watch(
      locks.withLock('a', { ttl: 1_500 }, async (lock) => {
        begun.resolve(lock);
        await go.promise;
        return lock.isHeld;
      }),
    );
    const held = await begun.promise;
    await server.command('SET', 'lock:foreign', 'x', 'PX', 60_000);
    const waiters = [
      locks.acquire('a'),
      locks.acquire('foreign', { wait: Infinity }),
      locks.acquire(['b', 'foreign']),
    ].map(rejection);
    await eventually(async () => (await locks.inspect('foreign'))?.waiting === 2);
    const closed = watch(app.close());
    for (const waiter of waiters) expect(await waiter).toBeInstanceOf(LockClosedError);
    expect(await rejection(locks.acquire('c'))).toBeInstanceOf(LockClosedError);
    expect(await rejection(locks.tryAcquire('c'))).toBeInstanceOf(LockClosedError);
    // The lease goes on being renewed.
    for (let renewals = 0; renewals < 2; renewals += 1) {
      const { expiresAt } = held;
      await eventually(() => held.expiresAt > expiresAt);
      expect(await server.command('PTTL', 'lock:a')).toBeGreaterThan(0);
    }
    expect(closed.state).toBe('pending');
    go.resolve();
    await eventually(() => closed.state === 'fulfilled');
    expect(work.value).toBe(true);
    expect(await ownKeys()).toEqual(['lock:foreign']);
    expect(log.at('warn', 'error')).toEqual([]);
  });

  it('takes the locks of holders away when the grace is over, and tells them', async () => {
    const { app, locks } = await open(100);
    const held = await Promise.all([locks.acquire('a', { ttl: 60_000 }), locks.acquire(['b', 'c'], { ttl: 60_000 })]);
    const signals = held.map(({ signal }) => signal);
    await app.close();
    for (const { reason } of signals) {
      expect(reason).toBeInstanceOf(LockLostError);
      expect(reason).toMatchObject({ reason: 'shutdown' });
    }
    expect(held.map(({ isHeld }) => isHeld)).toEqual([false, false]);
    expect(await ownKeys()).toEqual([]);
    for (const lock of held)
      expect(await lock.release().catch((error: Error) => error.name)).toMatch(/^(expired|LockBackendError)$/);
  });

  it('closes its own connection last, and is done when that is closed', async () => {
    const { app, locks } = await open(10_000);
    await locks.withLock('a', () => undefined);
    await app.close();
    const clients = String(await server.command('CLIENT', 'LIST'))
      .trim()
      .split('\n');
    expect(clients).toHaveLength(1);
  });

  it('leaves a borrowed client open, and as it was', async () => {
    const client: Redis = new Redis(server.url);
    const events = (): Record<string, number> =>
      Object.fromEntries(client.eventNames().map((name) => [String(name), client.listenerCount(name)]));
    await eventually(() => client.status === 'ready');
    const before = events();
    const options = { ...client.options };
    const { app, locks } = await open(10_000, client);
    await locks.withLock('a', (lock) => lock.extend());
    await app.close();
    expect(client.status).toBe('ready');
    expect(await client.ping()).toBe('PONG');
    expect(events()).toEqual(before);
    expect({ ...client.options }).toEqual(options);
    client.disconnect();
  });

  it('removes what is held without anybody knowing: an acquire whose caller has given up', async () => {
    const { app, locks } = await open(10_000);
    await locks.withLock('warm', WARM_UP, () => undefined);
    server.pause();
    const refused = rejection(locks.acquire('a', { wait: 50, ttl: 60_000 }));
    expect(await refused).toMatchObject({ code: 'LOCK_BACKEND' });
    const closed = app.close();
    server.resume();
    await closed;
    expect(await ownKeys()).toEqual([]);
  });

  it.each(['paused', 'killed'])('ends in bounded time when Redis is %s', async (how) => {
    const { app, locks } = await open(100);
    await locks.acquire('a');
    if (how === 'paused') server.pause();
    else await server.stop('SIGKILL');
    const delay = watchDelay(process.env.TEST_REDIS_URL);
    const begin = performance.now();
    await app.close();
    // The grace, a second for what is left in Redis, a second for the connection, and slack.
    expect(performance.now() - begin).toBeLessThan(delay.limit(3_000, begin));
    delay.stop();
  });

  it('may be asked for twice', async () => {
    const { app, locks } = await open(100);
    await locks.withLock('a', () => undefined);
    await Promise.all([app.close(), app.close()]);
    expect(await rejection(locks.acquire('a'))).toMatchObject({ code: 'LOCK_CLOSED' });
  });
});
