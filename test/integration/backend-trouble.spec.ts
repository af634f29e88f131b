import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { LockBackendError, type RedisLockService } from 'nestjs-redis-lock';
import { watchDelay, type Delay } from '../support/delay.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import type { ClientSettings } from '../support/redis-store.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';

const SETTINGS: Record<string, ClientSettings> = {
  'the default settings': {},
  'maxRetriesPerRequest null': { maxRetriesPerRequest: null },
  'enableOfflineQueue false': { enableOfflineQueue: false },
  'autoResendUnfulfilledCommands false': { autoResendUnfulfilledCommands: false },
  commandTimeout: { commandTimeout: 100 },
  lazyConnect: { lazyConnect: true },
  enableAutoPipelining: { enableAutoPipelining: true },
};

const WAIT = 300;
/** A caller that tries once, or asks as an operator, gets an answer within this time. */
const TRY = 1_000;
/** The engine is allowed 50 ms; the rest is for what seven clients have to do at a time. */
const SLACK = 300;

describe('W4: a Redis that cannot be asked', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let delay: Delay;
  const contexts: NestContext[] = [];
  const clients: Redis[] = [];

  const openClient = (options: ClientSettings): Redis => {
    const client: Redis = new Redis(proxy.url, { disconnectTimeout: 100, ...options });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  const open = async (options: ClientSettings, client = openClient(options)): Promise<RedisLockService> => {
    const context = await startContext({ lock: { connection: client, keyPrefix: 'lock:', shutdownGrace: 0 } });
    contexts.push(context);
    return context.locks;
  };
  /** Opens a service for each of the settings, and uses it once where that is possible. */
  const openAll = (isUp: boolean): Promise<[string, RedisLockService][]> =>
    Promise.all(
      Object.entries(SETTINGS).map(async ([name, options]): Promise<[string, RedisLockService]> => {
        const locks = await open(options);
        if (isUp) await locks.withLock(name, () => undefined);
        return [name, locks];
      }),
    );

  beforeEach(async () => {
    delay = watchDelay(process.env.TEST_REDIS_URL);
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
  });
  afterEach(async () => {
    delay.stop();
    proxy.set('forward');
    proxy.cut();
    // First, so that no app waits for what it cannot clean up.
    clients.splice(0).forEach((client) => client.disconnect());
    await Promise.all(contexts.splice(0).map(({ app }) => app.close()));
    await proxy.close();
    await server.stop('SIGKILL');
  });

  it.each([
    { what: 'down from the beginning', isUp: false, disturb: () => server.stop('SIGKILL'), mend: () => undefined },
    { what: 'killed', isUp: true, disturb: () => server.stop('SIGKILL'), mend: () => undefined },
    { what: 'paused', isUp: true, disturb: async () => server.pause(), mend: () => server.resume() },
    {
      what: 'behind a black hole from the beginning',
      isUp: false,
      disturb: async () => proxy.set('black-hole'),
      mend: () => undefined,
    },
    { what: 'behind a black hole', isUp: true, disturb: async () => proxy.set('black-hole'), mend: () => undefined },
  ])(
    '$what is LockBackendError within the time, whatever the settings of the client',
    async ({ isUp, disturb, mend }) => {
      if (!isUp) await disturb();
      const services = await openAll(isUp);
      if (isUp) await disturb();
      const took = async (what: string, limit: number, call: Promise<unknown>): Promise<void> => {
        const begin = performance.now();
        const error = await rejection(call);
        expect([what, error.code]).toEqual([what, 'LOCK_BACKEND']);
        expect(error).toBeInstanceOf(LockBackendError);
        expect(performance.now() - begin).toBeLessThan(delay.limit(limit + SLACK, begin));
      };
      await Promise.all(
        services.flatMap(([name, locks]) => [
          took(`${name}: acquire`, WAIT, locks.acquire('a', { wait: WAIT })),
          took(`${name}: several keys`, WAIT, locks.acquire(['c', 'd'], { wait: WAIT })),
          took(`${name}: tryAcquire`, TRY, locks.tryAcquire('b')),
          took(`${name}: inspect`, TRY, locks.inspect('a')),
          took(`${name}: forceRelease`, TRY, locks.forceRelease('a')),
        ]),
      );
      mend();
    },
  );

  it('does not use up the patience of a caller when it comes back', async () => {
    const locks = await open({});
    await locks.withLock('a', () => undefined);
    await server.stop('SIGKILL');
    const acquired = locks.acquire('a', { wait: 5_000, backendWait: Infinity });
    server = await startRedis({ port: server.port });
    expect((await acquired).isHeld).toBe(true);
  });

  it('never does what was given up while it was down', async () => {
    const locks = await open({});
    await locks.withLock('before', () => undefined);
    await server.stop('SIGKILL');
    expect(await rejection(locks.acquire('a', { wait: 100 }))).toMatchObject({ code: 'LOCK_BACKEND' });
    server = await startRedis({ port: server.port });
    await eventually(() => locks.withLock('after', () => undefined).then(() => true));
    // An acquire would have left its fencing token.
    expect(await server.command('KEYS', '*\x1ffence')).toEqual([expect.stringContaining('after')]);
  });

  it('gets no listeners of each caller while it is connected to: the client stays as its owner made it', async () => {
    proxy.set('black-hole');
    const client = openClient({});
    await eventually(() => client.status === 'connect');
    const before = client.listenerCount('ready');
    const locks = await open({}, client);
    const callers = Array.from({ length: 30 }, async (_, index) => {
      for (let turn = 0; turn < index; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return rejection(locks.acquire(`key-${index}`, { wait: 200 }));
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    // Node warns of a leak at the eleventh.
    expect(client.listenerCount('ready') - before).toBeLessThanOrEqual(5);
    expect((await Promise.all(callers)).map(({ code }) => code)).toEqual(callers.map(() => 'LOCK_BACKEND'));
    await contexts.splice(0)[0]?.app.close();
    await eventually(() => client.listenerCount('ready') === before);
  });

  it('O1: does not hinder the start, is told of once, and works as soon as it is there', async () => {
    await server.stop('SIGKILL');
    const context = await startContext({ lock: { connection: server.url, keyPrefix: 'lock:' } });
    contexts.push(context);
    expect(await rejection(context.locks.acquire('a', { wait: 50 }))).toMatchObject({ code: 'LOCK_BACKEND' });
    server = await startRedis({ port: server.port });
    const lock = await eventually(() => context.locks.acquire('a', { wait: 0 }));
    expect(await lock.release()).toBe('released');
    expect(context.log.at('warn').filter((text) => text.includes('connection to Redis failed'))).toHaveLength(1);
  });

  it('O1: that was restarted is told its scripts again', async () => {
    const locks = await open({});
    await locks.withLock('a', (lock) => lock.extend());
    await server.stop('SIGKILL');
    server = await startRedis({ port: server.port });
    expect(await eventually(() => locks.withLock('a', (lock) => lock.extend().then(() => 'result')))).toBe('result');
  });

  it('O5: that refuses the password is LockBackendError, and the password is in no message', async () => {
    await server.command('CONFIG', 'SET', 'requirepass', 'another');
    const context = await startContext({ lock: { connection: server.url.replace('//', '//default:hunter2@') } });
    contexts.push(context);
    const error = await rejection(context.locks.acquire('a', { wait: 200 }));
    expect(error).toBeInstanceOf(LockBackendError);
    const texts = [error.message, String(error.cause), ...context.log.at('warn', 'error')];
    expect(texts.join()).toMatch(/WRONGPASS|NOAUTH|connection/);
    expect(texts.join()).not.toContain('hunter2');
  });

  it('T3b: that is a replica for a while is waited for', async () => {
    const locks = await open({});
    await locks.withLock('a', () => undefined);
    await server.command('REPLICAOF', '127.0.0.1', '1');
    const acquired = locks.acquire('a', { wait: 5_000, backendWait: Infinity });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.command('REPLICAOF', 'NO', 'ONE');
    expect(await (await acquired).release()).toBe('released');
  });
});
