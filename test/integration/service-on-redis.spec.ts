import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LockBackendError, LockNotAcquiredError, LockNotHeldError } from 'nestjs-redis-lock';
import { watchDelay } from '../support/delay.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { sendCommand } from '../support/send-command.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

describe('RedisLockService on a real server', () => {
  const url = process.env.TEST_REDIS_URL ?? '';
  const command = (...args: [string, ...(string | number)[]]): Promise<unknown> => sendCommand(url, ...args);
  let one: NestContext;
  let two: NestContext;
  let key: string;

  beforeAll(async () => {
    const lock = { keyPrefix: 'lock:' };
    [one, two] = await Promise.all([startContext({ lock }), startContext({ lock })]);
  });
  const delay = watchDelay(process.env.TEST_REDIS_URL);
  afterAll(async () => {
    delay.stop();
    await Promise.all([one.app.close(), two.app.close()]);
  });
  beforeEach(() => {
    key = uniqueKey();
  });

  describe('D1: busy and broken are never the same', () => {
    it('busy is LockNotAcquiredError with the time that was waited and what is in the way, or null', async () => {
      await command('SET', `lock:${key}`, 'foreign', 'PX', 60_000);
      const error = await rejection(one.locks.acquire(key, { wait: 50 }));
      expect(error).toBeInstanceOf(LockNotAcquiredError);
      expect(error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', key });
      expect(error.waitedMs).toBeGreaterThanOrEqual(50);
      expect(error.message).toMatch(/the lease in the way ends in 5\d{4} ms unless it is renewed/);
      // Nothing is known of its holds.
      expect(error.retryAfterMs).toBeUndefined();
      expect(await one.locks.tryAcquire(key)).toBeNull();
      expect(error.message).not.toMatch(/quorum/i);
    });

    it('C13: a key without an expiry is busy, and the error says what that may mean', async () => {
      await command('SET', `lock:${key}`, 'data');
      const error = await rejection(one.locks.acquire(key, { wait: 30 }));
      expect(error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', retryAfterMs: Infinity });
      expect(error.message).toMatch(/no expiry.*data/);
    });

    it.each(['acquire', 'tryAcquire', 'inspect', 'forceRelease'] as const)(
      'C13: data of another type is LockBackendError that says so, at once (%s)',
      async (method) => {
        await command('HSET', `lock:${key}`, 'field', 'value');
        const begin = performance.now();
        const error = await rejection(one.locks[method](key));
        expect(performance.now() - begin).toBeLessThan(delay.limit(1_000, begin));
        expect(error).toBeInstanceOf(LockBackendError);
        expect(error).toMatchObject({
          key,
          message: expect.stringMatching(/WRONGTYPE.*collides with data.*keyPrefix/),
        });
        expect(await command('HGET', `lock:${key}`, 'field')).toBe('value');
      },
    );

    it('C13: the default prefix keeps locks apart from data', async () => {
      const { app, locks } = await startContext({ lock: { keyPrefix: undefined as never } });
      await command('SET', key, 'data');
      const lock = await locks.acquire(key);
      expect(await command('EXISTS', `lock:${key}`)).toBe(1);
      await lock.release();
      expect(await command('GET', key)).toBe('data');
      await app.close();
    });
  });

  it('D3: the key in Redis is <prefix><key> and nothing hidden; its value bears the metadata and no secret', async () => {
    const { app, locks } = await startContext({ lock: { keyPrefix: 'my-app/' } });
    const lock = await locks.acquire(`${key} with spaces:{and}:ключ`, { metadata: 'nightly import' });
    const value = String(await command('GET', `my-app/${key} with spaces:{and}:ключ`));
    expect(value).toMatch(/^[\w.-]+:\d+:[a-z0-9]+#[a-z0-9]+ nightly import$/);
    await lock.release();
    await app.close();
  });

  it('D3: other programs exclude us and are excluded by us', async () => {
    const lock = await one.locks.acquire(key);
    expect(await command('SET', `lock:${key}`, 'theirs', 'NX', 'PX', 60_000)).toBeNull();
    await lock.release();
    expect(await command('SET', `lock:${key}`, 'theirs', 'NX', 'PX', 60_000)).toBe('OK');
    expect(await one.locks.tryAcquire(key)).toBeNull();
    const next = one.locks.acquire(key);
    await command('DEL', `lock:${key}`);
    expect(await (await next).release()).toBe('released');
  });

  describe('D5: scopes', () => {
    it('`await using` gives the lock back at the end of its block, and after an error', async () => {
      {
        await using lock = await one.locks.acquire(key);
        expect(lock.isHeld).toBe(true);
        expect(await two.locks.tryAcquire(key)).toBeNull();
      }
      expect(await command('EXISTS', `lock:${key}`)).toBe(0);
      const error = new Error('in the block');
      const failing = async (): Promise<void> => {
        await using _lock = await one.locks.acquire(key);
        throw error;
      };
      expect(await rejection(failing())).toBe(error);
      expect(await command('EXISTS', `lock:${key}`)).toBe(0);
    });

    it('`await using` of a tryAcquire() that found it busy does nothing', async () => {
      const held = await two.locks.acquire(key);
      {
        await using lock = await one.locks.tryAcquire(key);
        expect(lock).toBeNull();
      }
      expect(await held.release()).toBe('released');
    });

    it('withLock() returns what its function returns, after the release, and the lock is current in it', async () => {
      const result = await one.locks.withLock(key, { ttl: 5_000 }, async (lock) => {
        await Promise.resolve();
        expect(one.locks.current(key)).toBe(lock);
        expect(two.locks.current(key)).toBeUndefined();
        one.locks.assertLocked();
        return 42;
      });
      expect(result).toBe(42);
      expect(await command('EXISTS', `lock:${key}`)).toBe(0);
      expect(one.locks.current()).toBeUndefined();
      expect(() => one.locks.assertLocked(key)).toThrow(LockNotHeldError);
    });

    it('the lock is one object through renewals and extensions', async () => {
      const lock = await one.locks.acquire(key, { ttl: 1_500 });
      const { signal, keys, expiresAt } = lock;
      await eventually(() => lock.expiresAt > expiresAt + 100);
      await lock.extend(30_000);
      expect(lock.signal).toBe(signal);
      expect(lock.keys).toBe(keys);
      expect(lock.expiresAt).toBeGreaterThan(Date.now() + 20_000);
      expect(await command('PTTL', `lock:${key}`)).toBeGreaterThan(20_000);
      expect(await lock.release()).toBe('released');
    });
  });

  describe('D6: for operators', () => {
    it('inspect() tells who holds it, for how long, and who waits', async () => {
      expect(await one.locks.inspect(key)).toBeNull();
      const lock = await one.locks.acquire(key, { metadata: 'order 7' });
      const waiting = one.locks.acquire(key);
      expect(await one.locks.inspect(key)).toEqual({
        key,
        ttl: expect.any(Number),
        owner: expect.stringContaining(`:${process.pid}:`),
        metadata: 'order 7',
        waiting: 1,
        waitingProcesses: 0,
      });
      expect(await two.locks.inspect(key)).toMatchObject({ metadata: 'order 7', waiting: 0, waitingProcesses: 0 });
      await lock.release();
      await (await waiting).release();
    });

    it('inspect() of the lock of another program shows its value', async () => {
      await command('SET', `lock:${key}`, 'bsm-token');
      expect(await one.locks.inspect(key)).toEqual({
        key,
        ttl: Infinity,
        owner: 'bsm-token',
        metadata: undefined,
        waiting: 0,
        waitingProcesses: 0,
      });
    });

    it('forceRelease() tells a holder of this process at once, one of another at its next renewal', async () => {
      const [ours, theirs] = [
        await one.locks.acquire(key, { ttl: 2_400 }),
        await two.locks.acquire(`${key}2`, { ttl: 2_400 }),
      ];
      expect(await one.locks.forceRelease(key)).toBe(true);
      expect(ours.signal.reason).toMatchObject({ reason: 'forced' });
      expect(await one.locks.forceRelease(`${key}2`)).toBe(true);
      await eventually(() => theirs.signal.aborted, 1_600);
      expect(theirs.signal.reason).toMatchObject({ reason: 'expired' });
      expect(await one.locks.forceRelease(key)).toBe(false);
    });
  });
});
