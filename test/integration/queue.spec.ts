import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { watch } from '../support/watch.js';

/** So long that whoever gets in sooner was woken. */
const TTL = 120_000;
const TERMS = { ttl: TTL, wait: Infinity };
const QUEUE = '{lock:a}lock:a\x1fqueue';

describe('the queue between processes', () => {
  let server: RedisServer;
  let processes: NestContext[];
  let one: NestContext;
  let two: NestContext;
  let three: NestContext;

  const queued = (count: number) => eventually(async () => Number(await server.command('ZCARD', QUEUE)) === count);
  const start = () => startContext({ lock: { connection: server.url, keyPrefix: 'lock:', shutdownGrace: 0 } });

  beforeEach(async () => {
    server = await startRedis();
    processes = await Promise.all([start(), start(), start()]);
    [one, two, three] = processes as [NestContext, NestContext, NestContext];
  });

  afterEach(async () => {
    await Promise.all(processes.map(({ app }) => app.close()));
    await server.stop('SIGKILL');
  });

  it('W1: a release wakes the process that waits, long before the lease would have ended', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    const next = two.locks.acquire('a', TERMS);
    await queued(1);
    expect(await lock.release()).toBe('released');
    expect((await next).fencingToken).toBeGreaterThan(lock.fencingToken);
    await (await next).release();
    expect(await server.command('EXISTS', 'lock:a', QUEUE)).toBe(0);
  });

  it('W7: processes are served in the order in which they came', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    const order: string[] = [];
    const second = two.locks.withLock('a', TERMS, () => void order.push('two'));
    await queued(1);
    const third = three.locks.withLock('a', TERMS, () => void order.push('three'));
    await queued(2);
    await lock.release();
    await Promise.all([second, third]);
    expect(order).toEqual(['two', 'three']);
  });

  it('T2: publishes only when somebody waits, to that process alone', async () => {
    const handOver = async (): Promise<void> => {
      const lock = await one.locks.acquire('a', TERMS);
      const next = two.locks.acquire('a', TERMS);
      await queued(1);
      await lock.release();
      await (await next).release();
    };
    const published = async (): Promise<number> => (await commandCounts(server.url)).publish ?? 0;
    // Until its inbox is open, a process polls.
    await eventually(() => handOver().then(published));
    await resetCommandCounts(server.url);
    for (let turn = 0; turn < 20; turn += 1) await one.locks.withLock('a', TERMS, () => undefined);
    expect(await commandCounts(server.url)).not.toHaveProperty('publish');
    await handOver();
    expect(await published()).toBe(1);
  });

  it('W1: nobody barges past a reservation, and a program that uses SET NX does not either', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    const inbox = 'somebody-alive';
    const sleeper = new Redis(server.url);
    await sleeper.subscribe(inbox);
    await server.command('ZADD', QUEUE, 0, inbox);
    await lock.release();
    expect(await server.command('GET', 'lock:a')).toBe(`reserved ${inbox}`);
    expect(await two.locks.tryAcquire('a')).toBeNull();
    expect(await server.command('SET', 'lock:a', 'foreign', 'NX', 'PX', 1_000)).toBeNull();
    // It never comes: the reservation ends by itself.
    expect((await two.locks.acquire('a', TERMS)).isHeld).toBe(true);
    sleeper.disconnect();
  });

  it('W3: a process that died in the queue is passed over', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    await server.command('ZADD', QUEUE, 0, 'died-first', 1, 'died-second');
    const next = two.locks.acquire('a', TERMS);
    await queued(3);
    await lock.release();
    expect((await next).isHeld).toBe(true);
  });

  it.each(['aborts', 'times out'])('W6: a waiter that %s leaves the queue', async (how) => {
    const lock = await one.locks.acquire('a', TERMS);
    const stop = new AbortController();
    const waiter = watch(
      two.locks.acquire('a', how === 'aborts' ? { ...TERMS, signal: stop.signal } : { ttl: TTL, wait: 2_000 }),
    );
    await queued(1);
    stop.abort(new Error('stop'));
    await eventually(() => waiter.state === 'rejected');
    await queued(0);
    await lock.release();
    expect(await server.command('EXISTS', 'lock:a')).toBe(0);
  });

  it('W6: a reservation for whoever left passes on', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    const stop = new AbortController();
    const leaving = watch(two.locks.acquire('a', { ...TERMS, signal: stop.signal }));
    await queued(1);
    const next = three.locks.acquire('a', TERMS);
    await queued(2);
    const released = lock.release();
    stop.abort(new Error('stop'));
    await released;
    expect((await next).isHeld).toBe(true);
    await eventually(() => leaving.state !== 'pending');
  });

  it('O2: a process that shuts down leaves the queue', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    const waiter = watch(two.locks.acquire('a', TERMS));
    await queued(1);
    await two.app.close();
    expect(waiter.error).toMatchObject({ code: 'LOCK_CLOSED' });
    await queued(0);
    await lock.release();
  });

  it('W3b: a subscriber that was killed costs time, not liveness', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    const next = two.locks.acquire('a', TERMS);
    await queued(1);
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await lock.release();
    expect((await next).isHeld).toBe(true);
  });

  it.each([['DEL', 'lock:a'], ['FLUSHALL']] as const)(
    'W3b: %s by hand while others wait costs the waiters time at most, and the holder is told',
    async (...command) => {
      const lock = await one.locks.acquire('a', { ...TERMS, ttl: 600 });
      const next = two.locks.acquire('a', TERMS);
      await queued(1);
      await server.command(...(command as [string, ...string[]]));
      expect((await next).isHeld).toBe(true);
      await eventually(() => lock.signal.aborted);
    },
  );

  it('W3c: a holder that died costs the rest of its lease', async () => {
    await one.locks.acquire('a', { ttl: 300, renew: false });
    expect((await two.locks.acquire('a', TERMS)).isHeld).toBe(true);
  });

  it('W1: a program that wakes nobody is polled', async () => {
    await server.command('SET', 'lock:a', 'foreign', 'PX', TTL);
    const next = one.locks.acquire('a', TERMS);
    await queued(1);
    await server.command('DEL', 'lock:a');
    expect((await next).isHeld).toBe(true);
  });

  it('W3d: many contended keys share one subscription, and leave nothing behind', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `key-${index}`);
    await Promise.all(
      keys.map((key) => Promise.all([one, two, three].map(({ locks }) => locks.withLock(key, TERMS, () => undefined)))),
    );
    const clients = String(await server.command('CLIENT', 'LIST', 'TYPE', 'pubsub'));
    expect(clients.trim().split('\n').length).toBeLessThanOrEqual(processes.length);
    for (const line of clients.trim().split('\n')) expect(line).toContain(' sub=1 ');
    await eventually(async () => (await keysBesideFences(server)).length === 0);
  });

  it('W2a: a waiter sends two commands and then none, however long the holder stays', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    await two.locks.withLock('warm-up', () => undefined);
    const warm = await one.locks.acquire('b', TERMS);
    const opened = two.locks.acquire('b', TERMS);
    await eventually(async () => Number(await server.command('ZCARD', '{lock:b}lock:b\x1fqueue')) === 1);
    await warm.release();
    await (await opened).release();
    await resetCommandCounts(server.url);
    const waiters = Array.from({ length: 100 }, () => two.locks.acquire('a', TERMS));
    await queued(1);
    const done = deferred();
    setTimeout(() => done.resolve(), 300);
    await done.promise;
    expect((await commandCounts(server.url)).evalsha).toBe(2);
    await lock.release();
    for (const waiter of waiters) await (await waiter).release();
  });

  it('W3e: a server that refuses SUBSCRIBE is polled, and told of once', async () => {
    await server.command('ACL', 'SETUSER', 'shy', 'on', '>secret', '~*', 'resetchannels', '+@all', '-subscribe');
    const url = server.url.replace('redis://', 'redis://shy:secret@');
    const shy = await startContext({ lock: { connection: url, keyPrefix: 'lock:', shutdownGrace: 0 } });
    processes.push(shy);
    const lock = await one.locks.acquire('a', TERMS);
    const next = shy.locks.acquire('a', TERMS);
    await eventually(() => shy.log.at('warn').some((line) => line.includes('SUBSCRIBE')));
    await lock.release();
    expect((await next).isHeld).toBe(true);
    expect(shy.log.at('warn').filter((line) => line.includes('SUBSCRIBE'))).toHaveLength(1);
    expect(shy.log.at('warn').join('\n')).not.toContain('secret');
  });
});

async function keysBesideFences(server: RedisServer): Promise<string[]> {
  const keys = (await server.command('KEYS', '*')) as string[];
  return keys.filter((key) => !key.endsWith('\x1ffence'));
}
