import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';

describe('C10: several keys', () => {
  let server: RedisServer;
  let one: NestContext;
  let two: NestContext;
  let inside: number;

  const visit = async ({ locks }: NestContext, keys: string[]): Promise<void> =>
    locks.withLock(keys, { wait: 60_000 }, async () => {
      inside += 1;
      expect(inside).toBe(1);
      await Promise.resolve();
      inside -= 1;
    });
  const keysLeft = async (): Promise<string[]> => ((await server.command('KEYS', 'lock:*')) as string[]).sort();

  beforeEach(async () => {
    inside = 0;
    server = await startRedis();
    const lock = { connection: server.url, keyPrefix: 'lock:' };
    [one, two] = await Promise.all([startContext({ lock }), startContext({ lock })]);
  });
  afterEach(async () => {
    await Promise.all([one.app.close(), two.app.close()]);
    await server.stop('SIGKILL');
  });

  it('1,000 rounds of two callers with opposite orders end without a dead-lock', async () => {
    for (let round = 0; round < 1_000; round += 1) await Promise.all([visit(one, ['a', 'b']), visit(one, ['b', 'a'])]);
    expect(await keysLeft()).toEqual([]);
  });

  it('two processes with opposite orders end without a dead-lock', async () => {
    const rounds = async (context: NestContext, keys: string[]): Promise<void> => {
      for (let round = 0; round < 100; round += 1) await visit(context, keys);
    };
    await Promise.all([rounds(one, ['a', 'b', 'c']), rounds(two, ['c', 'b', 'a'])]);
    expect(await keysLeft()).toEqual([]);
  });

  it('are sorted, without duplicates, all or none', async () => {
    const lock = await one.locks.acquire(['c', 'a', 'b', 'a']);
    expect(lock.keys).toEqual(['a', 'b', 'c']);
    expect(await keysLeft()).toEqual(['lock:a', 'lock:b', 'lock:c']);
    expect(await two.locks.tryAcquire(['x', 'b', 'y'])).toBeNull();
    expect(await keysLeft()).toEqual(['lock:a', 'lock:b', 'lock:c']);
    expect(await lock.release()).toBe('released');
    expect(await keysLeft()).toEqual([]);
  });

  it('name the one that stayed busy', async () => {
    await server.command('SET', 'lock:b', 'foreign');
    expect(await rejection(one.locks.acquire(['a', 'b', 'c'], { wait: 30 }))).toMatchObject({
      code: 'LOCK_NOT_ACQUIRED',
      key: 'b',
    });
    expect(await keysLeft()).toEqual(['lock:b']);
  });

  it('of which one holds data of another type are refused, and none is taken', async () => {
    await server.command('LPUSH', 'lock:b', 'item');
    expect(await rejection(one.locks.acquire(['a', 'b', 'c']))).toMatchObject({ code: 'LOCK_BACKEND', key: 'b' });
    expect(await keysLeft()).toEqual(['lock:b']);
  });
});
