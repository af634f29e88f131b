import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreFailure } from '../../lib/engine/lock-store.interface.js';
import { openRedisStore, type TestRedisStore } from '../support/redis-store.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';

const TTL = 10_000;

describe('RedisStore and the state of its server', () => {
  let server: RedisServer;
  let subject: TestRedisStore;

  const acquire = (value = 'mine', key = 'a') => subject.store.acquire({ key, value, ttl: TTL, tokens: 1 });
  const settle = async (state: string): Promise<void> => {
    const { store } = subject;
    if (state === 'warm')
      await Promise.all([
        acquire('x', 'x'),
        store.renew('x', 'x', TTL),
        store.release('x', 'x', 0),
        store.inspect('x'),
        store.forceRelease('x'),
      ]);
    else await server.command('SCRIPT', 'FLUSH');
  };

  beforeEach(async () => {
    server = await startRedis();
    subject = await openRedisStore({}, 'lock:', server.url);
  });
  afterEach(async () => {
    await subject.close();
    await server.stop('SIGKILL');
  });

  it('tells a server its scripts again after SCRIPT FLUSH, whichever comes first', async () => {
    const { store } = subject;
    await settle('warm');
    for (const call of [
      () => acquire(),
      () => store.renew('a', 'mine', TTL),
      () => store.inspect('a'),
      () => store.release('a', 'mine', 0),
      () => store.forceRelease('a'),
    ]) {
      await settle('cold');
      await expect(call()).resolves.toBeDefined();
    }
  });

  it('keeps the order of a release and the acquire behind it on a server that knows no scripts', async () => {
    await settle('warm');
    await acquire('mine');
    await settle('cold');
    expect(await Promise.all([subject.store.release('a', 'mine', 0), acquire('next')])).toMatchObject([
      'released',
      { status: 'acquired' },
    ]);
  });

  it('keeps it on a server that knows only the script of the second, as at the first hand-over of all', async () => {
    expect(await acquire('mine')).toMatchObject({ status: 'acquired' });
    expect(await Promise.all([subject.store.release('a', 'mine', 0), acquire('next')])).toMatchObject([
      'released',
      { status: 'acquired' },
    ]);
  });

  it.each([
    {
      what: 'data of another type in the place of the lock',
      code: 'WRONGTYPE',
      transient: false,
      applied: 'no',
      prepare: () => server.command('HSET', 'lock:a', 'f', 'v'),
    },
    {
      what: 'a full server',
      code: 'OOM',
      transient: true,
      applied: 'unknown',
      prepare: () => server.command('CONFIG', 'SET', 'maxmemory', '1'),
    },
    {
      what: 'a replica',
      code: 'READONLY',
      transient: true,
      applied: 'unknown',
      prepare: () => server.command('REPLICAOF', '127.0.0.1', '1'),
    },
    {
      what: 'a server that wants replicas',
      code: 'NOREPLICAS',
      transient: true,
      applied: 'unknown',
      prepare: () => server.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    },
    {
      what: 'a user without rights',
      code: 'NOPERM',
      transient: false,
      applied: 'unknown',
      prepare: () => server.command('ACL', 'SETUSER', 'default', '-evalsha'),
    },
  ])('$what is a failure that says $code (transient: $transient)', async ({ code, transient, applied, prepare }) => {
    await settle('warm');
    await prepare();
    const failure = await rejection(acquire());
    expect(failure).toBeInstanceOf(StoreFailure);
    expect(failure).toMatchObject({ transient, applied });
    expect(`${failure.message} ${failure.cause?.message ?? ''}`).toContain(code);
  });

  it.each<[string, ...string[]][]>([[['SET', 'no number']], [['LPUSH', 'item']]])(
    'mints its token where the fence should be and something else is: %j',
    async ([name, ...args]) => {
      await acquire();
      const [fence = ''] = (await server.command('KEYS', '*\x1ffence')) as string[];
      await subject.store.release('a', 'mine', 0);
      await server.command('DEL', fence);
      await server.command(name, fence, ...args);
      const outcome = await acquire();
      expect(outcome).toMatchObject({ status: 'acquired', fencingToken: expect.any(Number) });
      expect(await server.command('GET', fence)).toBe(String((outcome as { fencingToken: number }).fencingToken));
    },
  );

  it.each(['inspect', 'forceRelease'] as const)(
    '%s of data of another type is a failure that says so',
    async (method) => {
      await server.command('LPUSH', 'lock:a', 'item');
      const failure = await rejection(subject.store[method]('a'));
      expect(failure).toMatchObject({
        name: 'StoreFailure',
        transient: false,
        message: expect.stringContaining('WRONGTYPE'),
      });
      expect(await server.command('LLEN', 'lock:a')).toBe(1);
    },
  );

  it('renew and release of data of another type find a stranger', async () => {
    await server.command('LPUSH', 'lock:a', 'item');
    expect(await subject.store.renew('a', 'mine', TTL)).toBe('stolen');
    expect(await subject.store.release('a', 'mine', 0)).toBe('stolen');
    expect(await server.command('LLEN', 'lock:a')).toBe(1);
  });

  describe('with a program that uses SET NX PX and DEL', () => {
    it('is excluded by it', async () => {
      expect(await server.command('SET', 'lock:a', 'foreign', 'NX', 'PX', 5_000)).toBe('OK');
      expect(await acquire()).toMatchObject({ status: 'busy' });
      await server.command('DEL', 'lock:a');
      expect(await acquire()).toMatchObject({ status: 'acquired' });
    });

    it('excludes it', async () => {
      await acquire();
      expect(await server.command('SET', 'lock:a', 'foreign', 'NX', 'PX', 5_000)).toBeNull();
      await subject.store.release('a', 'mine', 0);
      expect(await server.command('SET', 'lock:a', 'foreign', 'NX', 'PX', 5_000)).toBe('OK');
    });

    it('a key without an expiry is busy for ever, and is shown so', async () => {
      await server.command('SET', 'lock:a', 'foreign');
      expect(await acquire()).toMatchObject({ status: 'busy', remaining: Infinity, wakes: false });
      expect(await subject.store.inspect('a')).toEqual({ value: 'foreign', ttl: Infinity, processes: 0 });
      expect(await server.command('PTTL', 'lock:a')).toBe(-1);
    });
  });

  it('works on a client that hands out numbers as strings', async () => {
    await subject.close();
    subject = await openRedisStore({ stringNumbers: true }, 'lock:', server.url);
    expect(await acquire()).toMatchObject({ status: 'acquired', fencingToken: expect.any(Number) });
    expect(await acquire('other')).toMatchObject({ status: 'busy', remaining: expect.any(Number), wakes: false });
    expect(await subject.store.renew('a', 'mine', TTL)).toBe('renewed');
    expect(await subject.store.inspect('a')).toEqual({ value: 'mine', ttl: expect.any(Number), processes: 0 });
    expect(await subject.store.release('a', 'mine', 0)).toBe('released');
    await acquire();
    expect(await subject.store.forceRelease('a')).toBe(true);
  });
});
