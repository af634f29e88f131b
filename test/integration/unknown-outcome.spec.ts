import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { RedisLockService } from 'nestjs-redis-lock';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import type { ClientSettings } from '../support/redis-store.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';
import { WARM_UP } from '../support/patience.mjs';

const SETTINGS: Record<string, ClientSettings> = {
  'the default settings': {},
  commandTimeout: { commandTimeout: 100 },
  'maxRetriesPerRequest 0': { maxRetriesPerRequest: 0 },
  'maxRetriesPerRequest null': { maxRetriesPerRequest: null },
  'autoResendUnfulfilledCommands false': { autoResendUnfulfilledCommands: false },
  'enableOfflineQueue false': { enableOfflineQueue: false },
  enableAutoPipelining: { enableAutoPipelining: true },
};

describe('an acquire whose outcome nobody told', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let other: NestContext;
  const contexts: NestContext[] = [];
  const clients: Redis[] = [];

  const valueOf = (key: string): Promise<unknown> => server.command('GET', `lock:${key}`);
  const open = async (settings: ClientSettings = {}): Promise<RedisLockService> => {
    const client: Redis = new Redis(proxy.url, { disconnectTimeout: 100, ...settings });
    client.on('error', () => undefined);
    clients.push(client);
    const context = await startContext({ lock: { connection: client, keyPrefix: 'lock:', shutdownGrace: 0 } });
    contexts.push(context);
    // Connected, and every script known.
    await context.locks.withLock('warm', WARM_UP, () => undefined);
    return context.locks;
  };
  const untilOurs = (key: string): Promise<unknown> =>
    eventually(async () => String(await valueOf(key)).includes(`:${process.pid}:`));
  const expectFree = async (locks: RedisLockService, key: string): Promise<void> => {
    await eventually(async () => (await valueOf(key)) === null, 3_000);
    // Not only for a moment: whatever the client has kept back is through.
    await locks.withLock(`last-${key}`, () => undefined);
    const lock = await other.locks.acquire(key, { wait: 0 });
    expect(await lock.release()).toBe('released');
  };
  const mend = (): void => {
    proxy.set('forward');
    proxy.cut();
  };

  beforeEach(async () => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
    other = await startContext({ lock: { connection: server.url, keyPrefix: 'lock:' } });
  });
  afterEach(async () => {
    await Promise.all([...contexts.splice(0), other].map(({ app }) => app.close()));
    clients.splice(0).forEach((client) => client.disconnect());
    await proxy.close();
    await server.stop('SIGKILL');
  });

  /** The same for a client with each of the settings, all at a time, each on a key of its own. */
  const forAll = async <T>(
    work: (locks: RedisLockService, key: string) => Promise<T>,
    services: [string, RedisLockService][],
  ): Promise<Record<string, T>> =>
    Object.fromEntries(await Promise.all(services.map(async ([key, locks]) => [key, await work(locks, key)] as const)));
  const openAll = (): Promise<[string, RedisLockService][]> =>
    Promise.all(
      Object.entries(SETTINGS).map(async ([name, settings]): Promise<[string, RedisLockService]> => [
        name,
        await open(settings),
      ]),
    );
  const refusals = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, 'LOCK_BACKEND']));

  it('C5: leaves no key when the reply was lost and the connection broke, whatever the settings of the client', async () => {
    const services = await openAll();
    proxy.set('drop-replies');
    const refused = forAll(
      async (locks, key) => (await rejection(locks.acquire(key, { wait: 400, ttl: 60_000 }))).code as string,
      services,
    );
    await forAll((_, key) => untilOurs(key), services);
    expect(await refused).toEqual(refusals);
    mend();
    await forAll(expectFree, services);
  });

  it('C5: leaves no key when the server was paused and did it later, whatever the settings of the client', async () => {
    const services = await openAll();
    server.pause();
    const refused = forAll(
      async (locks, key) => (await rejection(locks.acquire(key, { wait: 250, ttl: 60_000 }))).code as string,
      services,
    );
    expect(await refused).toEqual(refusals);
    server.resume();
    await forAll(expectFree, services);
  });

  it('C5: leaves no key when a single try was given up by our own deadline', async () => {
    const locks = await open();
    server.pause();
    expect(await rejection(locks.acquire('a', { wait: 0, ttl: 60_000 }))).toMatchObject({ code: 'LOCK_BACKEND' });
    server.resume();
    await expectFree(locks, 'a');
  });

  it('C5: leaves no key when it was aborted', async () => {
    const locks = await open();
    server.pause();
    const abort = new AbortController();
    const reason = new Error('enough');
    const refused = rejection(locks.acquire('a', { signal: abort.signal, ttl: 60_000 }));
    abort.abort(reason);
    expect(await refused).toBe(reason);
    server.resume();
    await expectFree(locks, 'a');
  });

  it('C5: leaves no key when the client was cut off before the command arrived', async () => {
    const locks = await open();
    proxy.set('black-hole');
    const refused = rejection(locks.acquire('a', { wait: 100, ttl: 60_000 }));
    expect(await refused).toMatchObject({ code: 'LOCK_BACKEND' });
    mend();
    await expectFree(locks, 'a');
  });

  it('C5: of several keys leaves none: the value of each is looked for', async () => {
    const locks = await open();
    proxy.set('drop-replies');
    const refused = rejection(locks.acquire(['a', 'b', 'c'], { wait: 400, ttl: 60_000 }));
    await Promise.all(['a', 'b', 'c'].map(untilOurs));
    expect(await refused).toMatchObject({ code: 'LOCK_BACKEND' });
    mend();
    for (const key of ['a', 'b', 'c']) await expectFree(locks, key);
  });

  it('C5: of several keys leaves none when the server was paused and did it later', async () => {
    const locks = await open();
    server.pause();
    const refused = rejection(locks.acquire(['a', 'b'], { wait: 0, ttl: 60_000 }));
    expect(await refused).toMatchObject({ code: 'LOCK_BACKEND' });
    server.resume();
    for (const key of ['a', 'b']) await expectFree(locks, key);
  });

  it.each([
    ['the client sent it again', {}],
    ['another try finds its own value', { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 }],
  ])('C6: of several keys is held when %s: once, and by its owner', async (_, settings) => {
    const locks = await open(settings);
    proxy.set('drop-replies');
    const acquired = locks.acquire(['a', 'b'], { ttl: 60_000, wait: 5_000, backendWait: Infinity });
    await untilOurs('b');
    const owner = await valueOf('a');
    mend();
    const lock = await acquired;
    expect(await Promise.all(['a', 'b'].map(valueOf))).toEqual([owner, owner]);
    expect(await other.locks.tryAcquire(['b', 'c'])).toBeNull();
    expect(await lock.release()).toBe('released');
    const next = await other.locks.acquire(['a', 'b']);
    expect(next.fencingToken).toBeGreaterThan(lock.fencingToken);
    await next.release();
  });

  it('of several keys is taken though the server has forgotten the script', async () => {
    const locks = await open();
    await (await locks.acquire(['a', 'b'])).release();
    await server.command('SCRIPT', 'FLUSH');
    const lock = await locks.acquire(['a', 'b']);
    expect(await lock.release()).toBe('released');
  });

  it('C6: is held when the client sent it again: once, and by its owner', async () => {
    const locks = await open();
    proxy.set('drop-replies');
    const acquired = locks.acquire('a', { ttl: 60_000, wait: 5_000, backendWait: Infinity });
    await eventually(async () => (await valueOf('a')) !== null);
    const owner = await valueOf('a');
    mend();
    const lock = await acquired;
    expect(await valueOf('a')).toBe(owner);
    expect(await other.locks.tryAcquire('a')).toBeNull();
    expect(await lock.release()).toBe('released');
    expect(await valueOf('a')).toBeNull();
    const next = await other.locks.acquire('a');
    expect(next.fencingToken).toBeGreaterThan(lock.fencingToken);
    await next.release();
  });

  it('C6: is held when another try finds its own value', async () => {
    const locks = await open({ autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 });
    proxy.set('drop-replies');
    const acquired = locks.acquire('a', { ttl: 60_000, wait: 5_000, backendWait: Infinity });
    await eventually(async () => (await valueOf('a')) !== null);
    mend();
    const lock = await acquired;
    expect(await lock.release()).toBe('released');
    await expectFree(locks, 'a');
  });
});
