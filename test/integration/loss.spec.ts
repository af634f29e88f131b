import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { LockLostError, type Lock } from 'nestjs-redis-lock';
import { atAnySpeed } from '../support/at-any-speed.js';
import { watchDelay } from '../support/delay.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** What commands may add. */
const SLACK = 250;

function blockEventLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('a holder that is no longer alone', () => {
  let server: RedisServer;
  let context: NestContext;

  const lost = async (lock: Lock): Promise<LockLostError> => {
    if (!lock.signal.aborted) await once(lock.signal, 'abort');
    return lock.signal.reason as LockLostError;
  };

  const open = async (): Promise<void> => {
    server = await startRedis();
    context = await startContext({ lock: { connection: server.url, keyPrefix: 'lock:', shutdownGrace: 0 } });
  };
  const close = async (): Promise<void> => {
    await context.app.close();
    await server.stop('SIGKILL');
  };
  const reopen = (): Promise<void> => close().then(open);

  beforeEach(open);
  afterEach(close);

  it.each<[string, string, (lock: Lock) => unknown]>([
    ['deleted', 'expired', () => server.command('DEL', 'lock:a')],
    ['flushed', 'expired', () => server.command('FLUSHALL')],
    ['taken by another program', 'stolen', () => server.command('SET', 'lock:a', 'thief')],
    [
      'replaced by data of another type',
      'stolen',
      () => server.command('DEL', 'lock:a').then(() => server.command('HSET', 'lock:a', 'f', 'v')),
    ],
  ])('C2a: whose key was %s is told within a renewal interval that it is %s', async (_, reason, act) => {
    await atAnySpeed(60, async (scale, delay) => {
      if (scale > 1) await reopen();
      const ttl = 600 * scale;
      const lock = await context.locks.acquire('a', { ttl });
      const begin = performance.now();
      await act(lock);
      const error = await lost(lock);
      expect(performance.now() - begin).toBeLessThan(delay.limit(ttl / 3 + SLACK, begin));
      expect(error).toBeInstanceOf(LockLostError);
      expect(error).toMatchObject({ code: 'LOCK_LOST', key: 'a', reason });
      expect(lock.isHeld).toBe(false);
      expect(await lock.release()).toBe(reason);
      expect(context.log.at('warn')).toEqual([error.message]);
    });
  });

  it.each(['killed', 'paused'])('C2a: whose Redis is %s is told before its lease ends', async (how) => {
    const delay = watchDelay(process.env.TEST_REDIS_URL);
    const lock = await context.locks.acquire('a', { ttl: 600 });
    const begin = performance.now();
    const { expiresAt } = lock;
    if (how === 'killed') await server.stop('SIGKILL');
    else server.pause();
    expect(await lost(lock)).toMatchObject({ reason: 'unreachable' });
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 1);
    expect(Date.now() - expiresAt).toBeLessThan(delay.limit(SLACK, begin));
    delay.stop();
    if (how === 'paused') server.resume();
  });

  it('C2b: whose event loop was blocked beyond the ttl knows it at the first look', async () => {
    const lock = await context.locks.acquire('a', { ttl: 100 });
    const { signal } = lock;
    blockEventLoop(150);
    expect(lock.isHeld).toBe(false);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'LOCK_LOST' });
  });

  it('C2b: is told without having to look, as soon as the event loop turns again', async () => {
    const lock = await context.locks.acquire('a', { ttl: 100 });
    const { signal } = lock;
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        blockEventLoop(150);
        resolve();
      });
    });
    await eventually(() => signal.aborted, 50);
    await context.locks.acquire('a').then((next) => next.release());
  });

  it('C2c: within withLock() its result stands; assertLocked() and current() tell', async () => {
    const result = await context.locks.withLock('a', { ttl: 2_400 }, async (lock) => {
      context.locks.assertLocked('a');
      await server.command('DEL', 'lock:a');
      await lost(lock);
      expect(() => context.locks.assertLocked('a')).toThrow(LockLostError);
      expect(context.locks.current('a')).toBe(lock);
      expect(context.locks.current('a')?.isHeld).toBe(false);
      return 'result';
    });
    expect(result).toBe('result');
  });

  it('C11: maxHold tells the holder, and Redis frees the key by itself', async () => {
    await atAnySpeed(60, async (scale) => {
      const lock = await context.locks.acquire('a', { ttl: 300 * scale, maxHold: 400 * scale });
      expect(await lost(lock)).toMatchObject({ reason: 'maxHold' });
      await eventually(async () => (await server.command('EXISTS', 'lock:a')) === 0);
      expect(await lock.release()).toBe('expired');
    });
  });

  it('N2: minHold keeps the key from others after a short job, also when its process ends meanwhile', async () => {
    await context.locks.withLock('a', { minHold: 60_000 }, () => undefined);
    expect(await server.command('PTTL', 'lock:a')).toBeGreaterThan(40_000);
    await context.app.close();
    expect(await server.command('PTTL', 'lock:a')).toBeGreaterThan(30_000);
    context = await startContext({ lock: { connection: server.url, keyPrefix: 'lock:' } });
    expect(await context.locks.tryAcquire('a')).toBeNull();
    await server.command('PEXPIRE', 'lock:a', 1);
    await context.locks.acquire('a').then((lock) => lock.release());
  });
});
