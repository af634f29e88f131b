import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { keyOf } from '../../lib/stores/redis-keys.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { openRedisStore, type TestRedisStore } from '../support/redis-store.js';

const TTL = 60_000;

describe('the queue of a lock on a real server', () => {
  let server: RedisServer;
  let one: TestRedisStore;
  let other: TestRedisStore;
  let woken: string[];

  const queue = keyOf({ clientPrefix: '', prefix: 'lock:' }, 'a', 'queue');
  const contend = ({ store }: TestRedisStore, value: string) =>
    store.contend({ key: 'a', value, ttl: TTL, tokens: 1, comesAgainIn: undefined });
  const listen = async ({ store }: TestRedisStore, name: string): Promise<void> => {
    let isOpen = false;
    store.listen({ onWake: () => void woken.push(name), onOpen: () => (isOpen = true), onClosed: () => undefined });
    await eventually(() => isOpen);
  };

  beforeEach(async () => {
    woken = [];
    server = await startRedis();
    [one, other] = await Promise.all([
      openRedisStore({}, 'lock:', server.url),
      openRedisStore({}, 'lock:', server.url),
    ]);
    await Promise.all([listen(one, 'one'), listen(other, 'other')]);
    await server.command('SET', 'lock:a', 'holder', 'PX', TTL);
  });
  afterEach(async () => {
    await Promise.all([one.close(), other.close()]);
    await server.stop('SIGKILL');
  });

  it('W7: a place is never in the future: who came while the clock was ahead is not passed by all who came later', async () => {
    await contend(one, 'mine');
    const [inbox] = (await server.command('ZRANGE', queue, 0, 0)) as [string];
    const ahead = Number(await server.command('ZSCORE', queue, inbox)) * 2;
    await server.command('ZADD', queue, 'XX', ahead, inbox);
    await contend(one, 'mine');
    await contend(other, 'theirs');
    expect(await one.store.release('a', 'holder', 0)).toBe('released');
    await eventually(() => woken.length > 0);
    expect(woken).toEqual(['one']);
  });

  it('T5: a refused PUBLISH does not fail the release, and the lock is free', async () => {
    await contend(one, 'mine');
    await server.command('ACL', 'SETUSER', 'default', '-publish');
    expect(await other.store.release('a', 'holder', 0)).toBe('released');
    expect(await server.command('EXISTS', 'lock:a')).toBe(0);
    expect(await contend(one, 'mine')).toMatchObject({ status: 'acquired' });
    expect(woken).toEqual([]);
  });
});
