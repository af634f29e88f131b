import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lock } from 'nestjs-redis-lock';
import { atAnySpeed } from '../support/at-any-speed.js';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

describe('renewal', () => {
  let server: RedisServer;
  let one: NestContext;
  let two: NestContext;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop('SIGKILL'));
  const open = async (): Promise<void> => {
    await server.command('FLUSHALL');
    const lock = { connection: server.url, keyPrefix: 'lock:' };
    [one, two] = await Promise.all([startContext({ lock }), startContext({ lock })]);
  };
  const close = async (): Promise<void> => {
    await Promise.all([one.app.close(), two.app.close()]);
  };
  /** With a ttl that a machine of this speed can renew. */
  const renewing = (ttl: number, attempt: (ttl: number) => Promise<void>): Promise<void> =>
    atAnySpeed(ttl / 4, async (scale) => {
      if (scale > 1) await close().then(open);
      await attempt(ttl * scale);
    });

  beforeEach(open);
  afterEach(close);

  it('C1a: a hold of ten ttls keeps its key at every sample, and nobody else gets in', () =>
    renewing(200, async (ttl) => {
      const owner = await one.locks.withLock('a', { ttl }, async () => {
        const samples = new Set<unknown>();
        const contender = two.locks.acquire('a', { wait: ttl * 9 });
        const end = performance.now() + ttl * 10;
        while (performance.now() < end) {
          samples.add(await server.command('GET', 'lock:a'));
          await sleep(20);
        }
        await expect(contender).rejects.toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
        return [...samples];
      });
      expect(owner).toEqual([expect.stringContaining(`:${process.pid}:`)]);
    }));

  it('C1b: a renewal that is not answered for a while loses nothing', async () => {
    const lock = await one.locks.acquire('a', { ttl: 2_400 });
    // The next renewal is due in 800 ms.
    await server.command('CLIENT', 'PAUSE', 1_300, 'ALL');
    const before = lock.expiresAt;
    await eventually(() => lock.expiresAt > before + 100);
    expect(lock.isHeld).toBe(true);
    expect(await server.command('PTTL', 'lock:a')).toBeGreaterThan(1_000);
    expect(await lock.release()).toBe('released');
  });

  it('C1b: a renewal that meets a restarting server is repeated', async () => {
    const lock = await one.locks.acquire('a', { ttl: 2_400 });
    const value = (await server.command('GET', 'lock:a')) as string;
    await server.stop('SIGKILL');
    server = await startRedis({ port: server.port });
    await server.command('SET', 'lock:a', value, 'PX', 2_400);
    const before = lock.expiresAt;
    await eventually(() => lock.expiresAt > before + 100);
    expect(lock.isHeld).toBe(true);
    await lock.release();
  });

  it('C1c: expiry counts from the command that succeeded: after a wait of three ttls the lease is fresh', () =>
    renewing(200, async (ttl) => {
      await server.command('SET', 'lock:a', 'foreign', 'PX', 3 * ttl);
      const lock = await one.locks.acquire('a', { ttl, renew: false, wait: Infinity });
      expect(lock.expiresAt).toBeGreaterThan(Date.now());
      expect(lock.isHeld).toBe(true);
      await lock.release();
    }));

  it('C1c: expiry never counts from the reply', async () => {
    await server.command('CLIENT', 'PAUSE', 300, 'ALL');
    const before = Date.now();
    const lock = await one.locks.acquire('a', { ttl: 2_000, renew: false });
    expect(lock.expiresAt).toBeLessThan(before + 2_000);
    await lock.release();
  });

  it('C1d: 1,000 releases that race with renewals leave no key, no renewal and no word of a loss', () =>
    renewing(1_500, async (ttl) => {
      const work = async (index: number): Promise<string> => {
        const lock = await one.locks.acquire(`key-${index}`, { ttl });
        // The renewal is due at a third of the ttl.
        await sleep(ttl / 3 - 15 + 30 * Math.random());
        return lock.release();
      };
      const outcomes = await Promise.all(Array.from({ length: 1_000 }, (_, index) => work(index)));
      expect(new Set(outcomes)).toEqual(new Set(['released']));
      expect(await server.command('KEYS', 'lock:*')).toEqual([]);
      await resetCommandCounts(server.url);
      await sleep(ttl / 3 + 50);
      expect((await commandCounts(server.url)).evalsha ?? 0).toBe(0);
      expect(one.log.at('warn', 'error')).toEqual([]);
    }));

  it('C1e: a renewal never brings back a key that is gone', () =>
    renewing(300, async (ttl) => {
      const lock: Lock = await one.locks.acquire('a', { ttl });
      await server.command('DEL', 'lock:a');
      await eventually(() => lock.signal.aborted);
      expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
      await sleep(ttl);
      expect(await server.command('EXISTS', 'lock:a')).toBe(0);
      expect(await lock.release()).toBe('expired');
    }));
});
