import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { atAnySpeed } from '../support/at-any-speed.js';
import { watchDelay } from '../support/delay.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { sendCommand } from '../support/send-command.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

/** What commands may add to a time that is kept to the millisecond. */
const SLACK = 250;

describe('waiting', () => {
  const url = process.env.TEST_REDIS_URL ?? '';
  let one: NestContext;
  let two: NestContext;
  let key: string;

  const delay = watchDelay(url);
  const since = (begin: number): number => performance.now() - begin;
  const occupy = (ms = 60_000): Promise<unknown> => sendCommand(url, 'SET', `lock:${key}`, 'foreign', 'PX', ms);

  beforeAll(async () => {
    const lock = { keyPrefix: 'lock:' };
    [one, two] = await Promise.all([startContext({ lock }), startContext({ lock })]);
  });
  afterAll(async () => {
    delay.stop();
    await Promise.all([one.app.close(), two.app.close()]);
  });
  beforeEach(() => {
    key = uniqueKey();
  });

  it('W5: of three times the ttl succeeds, with a fresh lease', () =>
    atAnySpeed(60, async (scale) => {
      const ttl = 200 * scale;
      await occupy(3 * ttl);
      const begin = performance.now();
      const lock = await one.locks.acquire(key, { ttl, wait: Infinity });
      expect(since(begin)).toBeGreaterThan(2.5 * ttl);
      expect(lock.isHeld).toBe(true);
      expect(lock.expiresAt).toBeGreaterThan(Date.now());
      await lock.release();
    }));

  it.each([0, 120])('W5: of %d ms ends then, though the lease is longer', async (wait) => {
    await occupy();
    const begin = performance.now();
    expect(await rejection(one.locks.acquire(key, { ttl: 30_000, wait }))).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
    expect(since(begin)).toBeGreaterThanOrEqual(wait);
    expect(since(begin)).toBeLessThan(delay.limit(wait + SLACK, begin));
  });

  it('W5: Infinity has no end but success', async () => {
    await occupy();
    const acquired = one.locks.acquire(key, { wait: Infinity });
    await eventually(async () => (await one.locks.inspect(key))?.waiting === 1);
    await sendCommand(url, 'PEXPIRE', `lock:${key}`, 1);
    await (await acquired).release();
  });

  it('W6: a signal that is aborted already is seen', async () => {
    const reason = new Error('the client is gone');
    expect(await rejection(one.locks.acquire(key, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(await sendCommand(url, 'EXISTS', `lock:${key}`)).toBe(0);
  });

  it.each(['another process', 'this process'])(
    'W6: a signal ends the waiting for %s at once, and leaves no key and no waiter',
    async (where) => {
      const holder = where === 'this process' ? one : two;
      const lock = await holder.locks.acquire(key);
      const abort = new AbortController();
      const waiting = rejection(one.locks.acquire(key, { signal: abort.signal, wait: Infinity }));
      await eventually(async () => (await one.locks.inspect(key))?.waiting === 1);
      const reason = new Error('the client is gone');
      const begin = performance.now();
      abort.abort(reason);
      expect(await waiting).toBe(reason);
      expect(since(begin)).toBeLessThan(delay.limit(SLACK, begin));
      expect((await one.locks.inspect(key))?.waiting).toBe(0);
      expect(await lock.release()).toBe('released');
      expect(await sendCommand(url, 'EXISTS', `lock:${key}`)).toBe(0);
    },
  );

  it('W6: AbortSignal.timeout() rejects with its TimeoutError', async () => {
    await occupy();
    expect(await rejection(one.locks.acquire(key, { signal: AbortSignal.timeout(50) }))).toMatchObject({
      name: 'TimeoutError',
    });
  });

  it("W3c: a dead holder's lease lets the waiter in when it ends, not when the waiter's patience does", async () => {
    await occupy(400);
    const begin = performance.now();
    const lock = await one.locks.acquire(key, { wait: 10_000 });
    expect(since(begin)).toBeLessThan(delay.limit(400 + SLACK, begin));
    await lock.release();
  });

  it('W7: callers of one process get in as they came', async () => {
    const order: number[] = [];
    const first = await one.locks.acquire(key);
    const turns = Array.from({ length: 30 }, (_, turn) => one.locks.withLock(key, () => void order.push(turn)));
    await first.release();
    await Promise.all(turns);
    expect(order).toEqual(Array.from({ length: 30 }, (_, turn) => turn));
  });

  it('maxWaiters refuses those beyond it at once', async () => {
    const small = await startContext({ lock: { keyPrefix: 'lock:', maxWaiters: 1 } });
    const lock = await small.locks.acquire(key);
    const next = small.locks.acquire(key);
    expect(await rejection(small.locks.acquire(key))).toMatchObject({ code: 'LOCK_QUEUE_FULL', key });
    await lock.release();
    await (await next).release();
    await small.app.close();
  });
});
