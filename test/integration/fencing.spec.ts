import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

describe('C7: the fencing token', () => {
  let server: RedisServer;
  let one: NestContext;
  let two: NestContext;

  const token = async ({ locks }: NestContext, key: string | string[] = 'a'): Promise<number> =>
    locks.withLock(key, ({ fencingToken }) => fencingToken);
  const isIncreasing = (tokens: readonly number[]): boolean =>
    tokens.every((value, index) => index === 0 || value > (tokens[index - 1] as number));

  beforeEach(async () => {
    server = await startRedis();
    const lock = { connection: server.url, keyPrefix: 'lock:' };
    [one, two] = await Promise.all([startContext({ lock }), startContext({ lock })]);
  });
  afterEach(async () => {
    await Promise.all([one.app.close(), two.app.close()]);
    await server.stop('SIGKILL');
  });

  it('increases over 10,000 acquisitions, in the order in which the holders got in', async () => {
    const tokens: number[] = [];
    const caller = async (): Promise<void> => {
      for (let turn = 0; turn < 100; turn += 1)
        await one.locks.withLock('a', ({ fencingToken }) => void tokens.push(fencingToken));
    };
    await Promise.all(Array.from({ length: 100 }, caller));
    expect(tokens).toHaveLength(10_000);
    expect(isIncreasing(tokens)).toBe(true);
    expect(tokens.every(Number.isSafeInteger)).toBe(true);
  });

  it('increases from one process to the other, over an expiry, a deletion and a loss of all data', async () => {
    const tokens = [await token(one), await token(two)];
    const dead = await one.locks.acquire('a', { ttl: 100, renew: false });
    tokens.push(dead.fencingToken);
    tokens.push(await token(two));
    const deleted = await one.locks.acquire('a');
    tokens.push(deleted.fencingToken);
    await server.command('DEL', 'lock:a');
    tokens.push(await token(two));
    expect(await deleted.release()).toBe('expired');
    await server.command('FLUSHALL');
    tokens.push(await token(one));
    expect(isIncreasing(tokens)).toBe(true);
  });

  it('increases over a restart of Redis without its data', async () => {
    const before = await token(one);
    await server.stop('SIGKILL');
    server = await startRedis({ port: server.port });
    expect(await server.command('DBSIZE')).toBe(0);
    const after = await eventually(() => token(one));
    expect(after).toBeGreaterThan(before);
    expect(await eventually(() => token(two))).toBeGreaterThan(after);
  });

  it("increases when the server's clock is behind the last token, as after a fail-over", async () => {
    const before = await token(one);
    const [fence = ''] = (await server.command('KEYS', '*\x1ffence')) as string[];
    const ahead = before + 60_000_000;
    await server.command('SET', fence, ahead);
    const tokens = [await token(one), await token(two), await token(one)];
    expect(tokens[0]).toBeGreaterThan(ahead);
    expect(isIncreasing(tokens)).toBe(true);
  });

  it.each(['a', 'b', 'c'])(
    'of several keys is above the last of each, and below the next of each, also when %s is ahead of the clock',
    async (key) => {
      const before = await Promise.all(['a', 'b', 'c'].map((each) => token(one, each)));
      const [fence = ''] = ((await server.command('KEYS', '*\x1ffence')) as string[]).filter((name) =>
        name.includes(`lock:${key}\x1f`),
      );
      await server.command('SET', fence, Math.max(...before) + 60_000_000);
      const all = await token(two, ['c', 'a', 'b']);
      const after = await Promise.all(['a', 'b', 'c'].map((each) => token(one, each)));
      for (const value of before) expect(all).toBeGreaterThan(value + 50_000_000);
      for (const value of after) expect(value).toBeGreaterThan(all);
    },
  );

  it('does not change with renewals and extensions', async () => {
    await one.locks.withLock('a', { ttl: 300 }, async (lock) => {
      const { fencingToken, expiresAt } = lock;
      await eventually(() => lock.expiresAt > expiresAt + 100);
      await lock.extend(5_000);
      expect(lock.fencingToken).toBe(fencingToken);
    });
  });

  it('leaves nothing in Redis for ever', async () => {
    await Promise.all(['a', 'b{c}', 'd}'].map((key) => token(one, key)));
    const keys = (await server.command('KEYS', '*')) as string[];
    expect(keys).toHaveLength(3);
    for (const key of keys) {
      const ttl = await server.command('PTTL', key);
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(600_000);
    }
  });
});
