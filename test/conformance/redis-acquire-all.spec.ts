import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { ACQUIRE_ALL } from '../../lib/stores/scripts/acquire-all.script.js';
import { ACQUIRE } from '../../lib/stores/scripts/acquire.script.js';
import { uniqueKey } from '../support/unique-key.js';

const TTL = '10000';
const OURS = 'host:1:ours#1';
const INBOX = 'inbox:ours';

describe('the acquire-all script on a real server', () => {
  let client: Redis;
  let locks: string[];
  let fences: string[];
  let queue: string;

  const acquireAll = (comes: string, value = OURS): Promise<[number, number]> => {
    const keys = [...locks.flatMap((lock, index) => [lock, fences[index] as string]), queue];
    return client.eval(ACQUIRE_ALL.lua, keys.length, ...keys, INBOX, value, TTL, comes) as Promise<[number, number]>;
  };
  const holders = (): Promise<(string | null)[]> => client.mget(...locks);

  beforeAll(() => {
    client = new Redis(process.env.TEST_REDIS_URL ?? '');
  });
  afterAll(() => client.disconnect());
  beforeEach(() => {
    locks = ['a', 'b', 'c'].map((name) => uniqueKey(name));
    fences = locks.map((lock) => `${lock}:fence`);
    queue = `${locks[0]}:queue`;
  });

  it('takes all under one token that exceeds the last of each, and each of whose fences it lifts', async () => {
    const [seconds, micros] = (await client.time()).map(Number) as [number, number];
    const last = seconds * 1e6 + micros + 3_600_000_001;
    await client.set(fences[1] as string, String(last));
    expect(await acquireAll('-')).toEqual([0, last + 1]);
    expect(await holders()).toEqual([OURS, OURS, OURS]);
    expect(await client.mget(...fences)).toEqual(fences.map(() => String(last + 1)));
    for (const lock of locks) {
      expect(await client.pttl(lock)).toBeGreaterThan(Number(TTL) - 2_000);
      expect(await client.pttl(lock)).toBeLessThanOrEqual(Number(TTL));
    }
    for (const fence of fences) expect(await client.pttl(fence)).toBeGreaterThan(50_000);
  });

  it.each([0, 1, 2])('takes none while number %d is busy, and replies which one and for how long', async (which) => {
    await client.set(locks[which] as string, 'foreign', 'PX', 5_000);
    const [busy, reply] = await acquireAll('-');
    expect(busy).toBe(which);
    expect(reply).toBeLessThan(-2 - 2 * 3_000);
    expect(Math.abs(reply % 2)).toBe(1);
    expect(await holders()).toEqual(locks.map((_, index) => (index === which ? 'foreign' : null)));
    expect(await client.exists(...fences, queue)).toBe(0);
  });

  it('replies -1 for a busy one without an expiry, 0 for data of another type', async () => {
    await client.set(locks[1] as string, 'foreign');
    expect(await acquireAll('-')).toEqual([1, -1]);
    await client.del(locks[1] as string);
    await client.lpush(locks[2] as string, 'item');
    expect(await acquireAll('-')).toEqual([2, 0]);
    expect(await client.llen(locks[2] as string)).toBe(1);
    expect(await client.exists(locks[0] as string, locks[1] as string)).toBe(0);
  });

  it('C6: finds its own value again, and never makes its lease shorter', async () => {
    const [, first] = await acquireAll('-');
    await client.pexpire(locks[0] as string, 60_000);
    await client.pexpire(locks[1] as string, 500);
    const [which, second] = await acquireAll('-');
    expect(which).toBe(0);
    expect(second).toBeGreaterThan(first);
    expect(await client.pttl(locks[0] as string)).toBeGreaterThan(50_000);
    expect(await client.pttl(locks[1] as string)).toBeGreaterThan(500);
  });

  it('mints tokens that acquire goes on from', async () => {
    const [, token] = await acquireAll('-');
    await client.del(...locks);
    for (const [index, lock] of locks.entries()) {
      expect(await client.eval(ACQUIRE.lua, 2, lock, fences[index] as string, OURS, TTL, '1')).toBeGreaterThan(token);
    }
  });

  describe('of a process that waits', () => {
    it.each([
      ['', INBOX],
      ['1000', `poll ${INBOX}`],
    ])('stands in the queue of the first while that is busy, coming "%s"', async (comes, entry) => {
      await client.set(locks[0] as string, 'foreign', 'PX', 5_000);
      expect((await acquireAll(comes))[0]).toBe(0);
      expect(await client.zrange(queue, '0', '-1')).toEqual([entry]);
      expect(await holders()).toEqual(['foreign', null, null]);
    });

    it('leaves the queue when it has all', async () => {
      await client.set(locks[0] as string, 'foreign', 'PX', 5_000);
      await acquireAll('');
      await client.set(locks[0] as string, `reserved ${INBOX}`, 'PX', 5_000);
      // Two processes of which one is woken, for each its own inbox.
      await client.zadd(queue, 1, INBOX, 2, 'another');
      expect((await acquireAll(''))[1]).toBeGreaterThan(0);
      expect(await holders()).toEqual([OURS, OURS, OURS]);
      expect(await client.zrange(queue, '0', '-1')).toEqual(['another']);
    });

    it('keeps its reservation and its place while another one is busy', async () => {
      await client.set(locks[0] as string, `reserved ${INBOX}`, 'PX', 5_000);
      await client.zadd(queue, 1, INBOX);
      await client.set(locks[2] as string, 'foreign', 'PX', 5_000);
      expect((await acquireAll(''))[0]).toBe(2);
      expect(await holders()).toEqual([`reserved ${INBOX}`, null, 'foreign']);
      expect(await client.zrange(queue, '0', '-1')).toEqual([INBOX]);
    });

    it.each([
      ['a reservation for another process', 0, 'reserved inbox:theirs', ''],
      ['its own reservation of another than the first', 1, `reserved ${INBOX}`, ''],
      ['its own reservation, when it tries once', 0, `reserved ${INBOX}`, '-'],
    ])('does not take %s', async (_, which, holder, comes) => {
      await client.set(locks[which] as string, holder, 'PX', 5_000);
      expect((await acquireAll(comes))[0]).toBe(which);
      expect(await holders()).toEqual(locks.map((_lock, index) => (index === which ? holder : null)));
    });
  });
});
