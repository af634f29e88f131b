import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisLockService } from 'nestjs-redis-lock';
import { watchDelay, type Delay } from '../support/delay.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';
import { CLIENT_KINDS, type TestClient } from './support/clients.js';

const WAIT = 400;
/** What the engine may add to the time that it was given. */
const TOLERANCE = 50;
/** How long a single try may take. */
const TRY = 1_000;

describe('a Redis that is down, with each client', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let contexts: NestContext[];
  let delay: Delay;
  let isPaused = false;
  const clients: TestClient[] = [];

  beforeEach(async () => {
    delay = watchDelay(process.env.TEST_REDIS_URL);
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
    contexts = await Promise.all(
      CLIENT_KINDS.map(async (kind) => {
        const client = kind.open(proxy.url);
        clients.push(client);
        const context = await startContext({ lock: { connection: client, keyPrefix: 'lock:', shutdownGrace: 0 } });
        await context.locks.withLock(`warm ${kind.name}`, () => undefined);
        return context;
      }),
    );
  });
  afterEach(async () => {
    delay.stop();
    if (isPaused) server.resume();
    isPaused = false;
    proxy.set('forward');
    proxy.cut();
    await Promise.all(contexts.map(({ app }) => app.close()));
    clients.splice(0).forEach((client) => client.disconnect());
    await proxy.close();
    await server.stop('SIGKILL');
  });

  const forAll = <T>(work: (locks: RedisLockService, key: string) => Promise<T>): Promise<T[]> =>
    Promise.all(contexts.map(({ locks }, index) => work(locks, CLIENT_KINDS[index]!.name)));
  const down: [string, () => unknown][] = [
    ['refuses connections', () => server.stop('SIGKILL')],
    ['is behind a black hole', () => proxy.set('black-hole')],
    ['is frozen', () => freeze()],
    ['is at the far end of a half-open connection', () => proxy.halfOpen()],
  ];
  const freeze = (): void => {
    isPaused = true;
    server.pause();
  };
  /** What became of a call, and how much longer than `limit` it took, but for what the machine took away. */
  const overtime = async (limit: number, call: Promise<unknown>): Promise<{ code: string; late: number }> => {
    const begin = performance.now();
    const { code } = await rejection(call);
    return { code, late: performance.now() - begin - delay.limit(limit, begin) };
  };

  it.each(down)('W4: that %s: acquire() rejects within wait + 50 ms, one try within a second', async (_, disturb) => {
    await disturb();
    const calls = await forAll(async (locks, key) => {
      const all = await Promise.all([
        overtime(WAIT, locks.acquire(key, { wait: WAIT })),
        overtime(WAIT, locks.acquire([`${key} b`, `${key} c`], { wait: WAIT })),
        overtime(TRY, locks.acquire(`${key} d`, { wait: 0 })),
      ]);
      return { key, codes: all.map(({ code }) => code), isLate: all.some(({ late }) => late > TOLERANCE) };
    });
    expect(calls).toEqual(
      CLIENT_KINDS.map(({ name }) => ({
        key: name,
        codes: ['LOCK_BACKEND', 'LOCK_BACKEND', 'LOCK_BACKEND'],
        isLate: false,
      })),
    );
  });

  it.each(down)('W6: that %s: a signal ends the waiting at once, with its reason', async (_, disturb) => {
    await disturb();
    const reason = new Error('the client is gone');
    const abort = new AbortController();
    const calls = forAll((locks, key) =>
      rejection(locks.acquire(key, { wait: Infinity, backendWait: Infinity, signal: abort.signal })),
    );
    await sleep(50);
    const begin = performance.now();
    abort.abort(reason);
    const reasons = await calls;
    expect(performance.now() - begin).toBeLessThan(delay.limit(TOLERANCE, begin));
    expect(reasons.every((each) => each === reason)).toBe(true);
  });

  it('W5 O1: and comes back: whoever waits without limit gets in, though the ttl is over long ago, and the lease is fresh', async () => {
    const ttl = 1_000;
    await server.stop('SIGKILL');
    const waiting = forAll(async (locks, key) => {
      const lock = await locks.acquire(key, { ttl, wait: Infinity, backendWait: Infinity });
      // A lease that counted from the first try would be over.
      const isFresh = lock.isHeld && lock.expiresAt > Date.now();
      return { isFresh, outcome: await lock.release() };
    });
    await sleep(2 * ttl);
    server = await startRedis({ port: server.port });
    expect(await waiting).toEqual(contexts.map(() => ({ isFresh: true, outcome: 'released' })));
    const keys = (await server.command('KEYS', '*')) as string[];
    expect(keys.filter((key) => /^(app:)?lock:/.test(key))).toEqual([]);
  });
});
