import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { ACQUIRE_ALL } from '../../lib/stores/scripts/acquire-all.script.js';
import { ACQUIRE } from '../../lib/stores/scripts/acquire.script.js';
import { CONTEND } from '../../lib/stores/scripts/contend.script.js';
import type { Script } from '../../lib/stores/scripts/define-script.js';
import { FORCE_RELEASE } from '../../lib/stores/scripts/force-release.script.js';
import { INSPECT } from '../../lib/stores/scripts/inspect.script.js';
import { LEAVE } from '../../lib/stores/scripts/leave.script.js';
import { RAISE_FENCE } from '../../lib/stores/scripts/raise-fence.script.js';
import { RELAY } from '../../lib/stores/scripts/relay.script.js';
import { RELEASE } from '../../lib/stores/scripts/release.script.js';
import { RENEW } from '../../lib/stores/scripts/renew.script.js';
import { eventually } from '../support/eventually.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

const TTL = '10000';
const SCRIPTS = [ACQUIRE, ACQUIRE_ALL, CONTEND, RELAY, LEAVE, RENEW, RAISE_FENCE, RELEASE, INSPECT, FORCE_RELEASE];

describe('the scripts on a real server', () => {
  let client: Redis;
  let lock: string;
  let fence: string;
  let queue: string;

  const run = ({ lua }: Script, keys: string[], ...args: string[]): Promise<any> =>
    client.eval(lua, keys.length, ...keys, ...args);
  const acquire = (value: string): Promise<number> => run(ACQUIRE, [lock, fence], value, TTL, '1');
  const release = (keep: string): Promise<number> => run(RELEASE, [lock, queue], 'a', keep, '0');

  const now = async (): Promise<number> => {
    const [seconds, micros] = (await client.time()).map(Number) as [number, number];
    return seconds * 1e6 + micros;
  };

  beforeAll(() => {
    client = new Redis(process.env.TEST_REDIS_URL ?? '');
  });
  afterAll(() => client.disconnect());
  beforeEach(() => {
    lock = uniqueKey('lock');
    fence = `{${lock}}:fence`;
    queue = `{${lock}}:queue`;
  });

  it.each(SCRIPTS)('$name has the hash that the server gives it', async ({ lua, sha }) => {
    expect(await client.script('LOAD', lua)).toBe(sha);
  });

  it.each([
    { script: ACQUIRE, keysOf: 2, argsOf: 3, head: 0 },
    { script: CONTEND, keysOf: 3, argsOf: 4, head: 1 },
    { script: RELAY, keysOf: 3, argsOf: 5, head: 1 },
    { script: LEAVE, keysOf: 2, argsOf: 0, head: 1 },
    { script: RENEW, keysOf: 1, argsOf: 3, head: 0 },
    { script: RAISE_FENCE, keysOf: 2, argsOf: 3, head: 0 },
    { script: RELEASE, keysOf: 2, argsOf: 3, head: 0 },
    { script: INSPECT, keysOf: 2, argsOf: 0, head: 0 },
    { script: FORCE_RELEASE, keysOf: 2, argsOf: 0, head: 0 },
  ])('$script.name names no KEYS and ARGV beyond those that it is given', ({ script, keysOf, argsOf, head }) => {
    const greatest = (name: string): number =>
      Math.max(0, ...[...script.lua.matchAll(new RegExp(`${name}\\[(\\d+)\\]`, 'g'))].map(([, n]) => Number(n)));
    expect(greatest('KEYS')).toBe(keysOf);
    expect(greatest('ARGV')).toBe(head + argsOf);
  });

  describe('acquire', () => {
    it("replies the server's time in microseconds when nothing is greater", async () => {
      const before = await now();
      const token = await acquire('a');
      expect(token).toBeGreaterThanOrEqual(before);
      expect(token).toBeLessThanOrEqual(await now());
      expect(await client.get(fence)).toBe(String(token));
    });

    it('replies the last token + 1 when that is greater, down to the last digit', async () => {
      const last = (await now()) + 3_600_000_001;
      await client.set(fence, String(last));
      expect(await acquire('a')).toBe(last + 1);
      expect(await client.get(fence)).toBe(String(last + 1));
    });

    it('replies 0 for data of another type and leaves it alone', async () => {
      await client.hset(lock, 'field', 'value');
      expect(await acquire('a')).toBe(0);
      expect(await client.hgetall(lock)).toEqual({ field: 'value' });
      expect(await client.exists(fence)).toBe(0);
    });

    it('replies -1 for a busy lock without an expiry', async () => {
      await client.set(lock, 'foreign');
      expect(await acquire('a')).toBe(-1);
      expect(await client.pttl(lock)).toBe(-1);
    });

    it.each([
      { holder: 'foreign', wakes: false },
      { holder: 'host:42:instance:7', wakes: false },
      { holder: 'host-1.example:42:instance#7', wakes: true },
      { holder: 'host:42:instance#7 with metadata', wakes: true },
      { holder: 'reserved lock:inbox:0:abc', wakes: true },
      { holder: 'reserved poll lock:inbox:0:abc', wakes: true },
      { holder: 'reserved host:1:abc#1', wakes: false },
    ])(
      'replies -2 - 2 * ms for a lock that $holder holds, one less when nobody wakes us: $wakes',
      async ({ holder, wakes }) => {
        await client.set(lock, holder, 'PX', 5_000);
        const reply = await acquire('a');
        expect(reply).toBeLessThan(-2 - 2 * 3_000);
        expect(reply).toBeGreaterThanOrEqual(-3 - 2 * 5_000);
        expect(reply % 2 === 0).toBe(wakes);
      },
    );

    it.each([
      ['text', () => client.set(fence, 'no number')],
      ['data of another type', () => client.lpush(fence, 'item')],
      ['a number beyond all reason', () => client.set(fence, '9007199254740992')],
      ['another one', () => client.set(fence, '1e308')],
      ['no finite number', () => client.set(fence, 'inf')],
      ['not a number', () => client.set(fence, 'nan')],
    ])('replaces a fence that holds %s', async (_, spoil) => {
      await spoil();
      const token = await acquire('a');
      expect(token).toBeLessThanOrEqual(await now());
      expect(await client.get(fence)).toBe(String(token));
    });

    it('reserves a block of tokens', async () => {
      const first = await run(ACQUIRE, [lock, fence], 'a', TTL, '100');
      expect(await client.get(fence)).toBe(String(first + 99));
    });

    it('replies for several locks in their order', async () => {
      const keys = ['busy', 'free', 'data', 'eternal'].flatMap((name) => [`${lock}-${name}`, `${fence}-${name}`]);
      await client.set(`${lock}-busy`, 'foreign', 'PX', 5_000);
      await client.set(`${lock}-eternal`, 'foreign');
      await client.lpush(`${lock}-data`, 'item');
      const [busy, free, data, eternal] = await run(
        ACQUIRE,
        keys,
        ...['a', 'b', 'c', 'd'].flatMap((value) => [value, TTL, '1']),
      );
      expect(busy).toBeLessThan(-2);
      expect(free).toBeGreaterThan(1e15);
      expect([data, eternal]).toEqual([0, -1]);
      expect(await client.get(`${lock}-free`)).toBe('b');
    });

    it('leaves a fence that ends by itself, also when it is taken again', async () => {
      for (let times = 0; times < 2; times += 1) {
        await acquire('a');
        expect(await client.pttl(fence)).toBeGreaterThan(50_000);
        expect(await client.pttl(fence)).toBeLessThanOrEqual(60_000);
        await client.pexpire(fence, 1_000);
      }
    });

    it('sets a lease of exactly the ttl', async () => {
      await acquire('a');
      expect(await client.pttl(lock)).toBeGreaterThan(Number(TTL) - 2_000);
      expect(await client.pttl(lock)).toBeLessThanOrEqual(Number(TTL));
    });
  });

  describe.each([
    { name: 'renew', script: RENEW, beside: (_: string): string[] => [], args: ['a', '9000', '0'] },
    { name: 'release', script: RELEASE, beside: (key: string): string[] => [`${key}-queue`], args: ['a', '9000', '0'] },
  ])('$name', ({ script, beside, args }) => {
    it('replies 1 for our value, 0 for none, -1 for another, -1 for data of another type', async () => {
      await client.set(`${lock}-ours`, 'a', 'PX', 5_000);
      await client.set(`${lock}-theirs`, 'b', 'PX', 5_000);
      await client.sadd(`${lock}-data`, 'member');
      const keys = ['ours', 'none', 'theirs', 'data'].map((name) => `${lock}-${name}`);
      expect(
        await run(
          script,
          keys.flatMap((key) => [key, ...beside(key)]),
          ...keys.flatMap(() => args),
        ),
      ).toEqual([1, 0, -1, -1]);
      expect(await client.pttl(`${lock}-ours`)).toBeGreaterThan(6_000);
      expect(await client.exists(`${lock}-none`)).toBe(0);
      expect(await client.pttl(`${lock}-theirs`)).toBeLessThanOrEqual(5_000);
      expect(await client.smembers(`${lock}-data`)).toEqual(['member']);
      for (const [index, reply] of [1, 0, -1, -1].entries()) {
        const key = keys[index] as string;
        expect(await run(script, [key, ...beside(key)], ...args)).toBe(reply);
      }
    });
  });

  it('raise-fence lifts a fence to the floor, never lowers it, and leaves it alone when the lock is not ours', async () => {
    const token = await acquire('a');
    const raise = (value: string, floor: number): Promise<number> =>
      run(RAISE_FENCE, [lock, fence], value, '60000', String(floor));
    expect(await raise('b', token + 10)).toBe(-1);
    expect(await client.get(fence)).toBe(String(token));
    expect(await raise('a', token + 10)).toBe(1);
    expect(await client.get(fence)).toBe(String(token + 10));
    expect(await client.pttl(fence)).toBeGreaterThan(50_000);
    expect(await client.pttl(lock)).toBeGreaterThan(Number(TTL));
    expect(await raise('a', token)).toBe(1);
    expect(await client.get(fence)).toBe(String(token + 10));
    await client.del(lock);
    expect(await raise('a', token + 20)).toBe(0);
  });

  it.each([
    { name: 'renew', prolong: () => run(RENEW, [lock], 'a', '1000', '0') },
    { name: 'acquire', prolong: () => run(ACQUIRE, [lock, fence], 'a', '1000', '1') },
    { name: 'contend', prolong: () => run(CONTEND, [lock, fence, queue], 'inbox', 'a', '1000', '1', '') },
    { name: 'relay', prolong: () => run(RELAY, [lock, fence, queue], '', 'a', '1000', '1', 'free', '0') },
    { name: 'raise-fence', prolong: () => run(RAISE_FENCE, [lock, fence], 'a', '1000', '1') },
  ])('C1: $name never makes the lease of its own value shorter', async ({ prolong }) => {
    await client.set(lock, 'a', 'PX', 60_000);
    expect(await prolong()).toBeGreaterThan(0);
    expect(await client.pttl(lock)).toBeGreaterThan(50_000);
    await client.pexpire(lock, 500);
    expect(await prolong()).toBeGreaterThan(0);
    expect(await client.pttl(lock)).toBeGreaterThan(500);
  });

  it('renew makes the lease shorter when its holder asks for that', async () => {
    await client.set(lock, 'a', 'PX', 60_000);
    expect(await run(RENEW, [lock], 'a', '1000', '1')).toBe(1);
    expect(await client.pttl(lock)).toBeLessThanOrEqual(1_000);
  });

  it('release removes the key at once when it is kept for 0 ms', async () => {
    await client.set(lock, 'a', 'PX', 5_000);
    expect(await release('0')).toBe(1);
    expect(await client.exists(lock)).toBe(0);
  });

  describe('a process that polls', () => {
    const WOKEN = 'inbox:cluster:woken';
    const contend = (inbox: string, comes: string): Promise<number> =>
      run(CONTEND, [lock, fence, queue], inbox, `host:1:${inbox}#1`, TTL, '1', comes);
    const passOn = (ahead: string): Promise<number> => run(RELEASE, [lock, queue], 'a', '0', ahead);
    /** Of two that come in one millisecond either may be the first. */
    const anotherMillisecond = async (): Promise<void> => {
      const begin = Math.floor((await now()) / 1_000);
      await eventually(async () => Math.floor((await now()) / 1_000) > begin);
    };

    beforeEach(async () => {
      await client.set(lock, 'a', 'PX', 60_000);
      await contend('polls', '1000');
      await anotherMillisecond();
      await contend(WOKEN, '');
      await contend('polls', '1000');
    });

    it('keeps its place in the queue, however often it comes in vain', async () => {
      expect(await client.zrange(queue, '0', '-1')).toEqual(['poll polls', WOKEN]);
      await passOn('5000');
      expect(await client.get(lock)).toBe('reserved poll polls');
    });

    it('is passed over while it comes too late, and stays the first', async () => {
      // At one moment: however slow the machine is, it comes in a second from then.
      await client
        .multi()
        .eval(CONTEND.lua, 3, lock, fence, queue, 'polls', 'host:1:polls#1', TTL, '1', '1000')
        .eval(RELEASE.lua, 2, lock, queue, 'a', '0', '20')
        .exec();
      expect(await client.get(lock)).toBe(`reserved ${WOKEN}`);
      expect(await client.zrange(queue, '0', '-1')).toEqual(['poll polls']);
    });
  });

  it('inspect replies nil, or value, ms or -1, and the number of processes that wait', async () => {
    expect(await run(INSPECT, [lock, queue])).toBeNull();
    await client.set(lock, 'a', 'PX', 5_000);
    expect(await run(INSPECT, [lock, queue])).toEqual(['a', expect.any(Number), 0]);
    await client.persist(lock);
    await client.zadd(queue, 1, 'inbox');
    expect(await run(INSPECT, [lock, queue])).toEqual(['a', -1, 1]);
  });

  it('force-release replies 0 and 1', async () => {
    expect(await run(FORCE_RELEASE, [lock, queue])).toBe(0);
    await client.set(lock, 'a');
    expect(await run(FORCE_RELEASE, [lock, queue])).toBe(1);
    expect(await client.exists(lock)).toBe(0);
  });

  it.each([INSPECT, FORCE_RELEASE])('$name fails on data of another type and leaves it alone', async (script) => {
    await client.lpush(lock, 'item');
    expect(String(await rejection(run(script, [lock, queue])))).toContain('WRONGTYPE');
    expect(await client.llen(lock)).toBe(1);
  });

  it('a key of ours whose lease has ended is nobody else than absent', async () => {
    await acquire('a');
    await client.pexpire(lock, 1);
    await eventually(async () => (await client.exists(lock)) === 0);
    expect(await run(RENEW, [lock], 'a', TTL, '0')).toBe(0);
    expect(await acquire('b')).toBeGreaterThan(0);
  });
});
