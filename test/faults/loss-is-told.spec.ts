import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { Lock, LockLostError } from 'nestjs-redis-lock';
import { atAnySpeed } from '../support/at-any-speed.js';
import type { Delay } from '../support/delay.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { RENEW } from '../../lib/stores/scripts/renew.script.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { blockEventLoop } from './support/faults.js';
import { WARM_UP } from '../support/patience.mjs';

/** What commands may add. */
const SLACK = 300;

describe('how and when a loss is told', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let context: NestContext;

  /** How a lock was lost, and how long after `begin`. */
  const loss = async ({ signal }: Lock, begin = performance.now()): Promise<{ reason: string; after: number }> => {
    if (!signal.aborted) await once(signal, 'abort');
    return { reason: (signal.reason as LockLostError).reason, after: performance.now() - begin };
  };
  const warnings = (): string[] => context.log.at('warn').filter((text) => text.includes('was lost'));

  const open = async (): Promise<void> => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
    context = await startContext({ lock: { connection: proxy.url, keyPrefix: 'lock:', shutdownGrace: 0 } });
    await context.locks.withLock('warm', WARM_UP, (lock) => lock.extend());
  };
  const close = async (): Promise<void> => {
    server.resume();
    await context.app.close();
    await proxy.close();
    await server.stop('SIGKILL');
  };
  /** With times that a machine of this speed can keep to. */
  const afresh = (attempt: (scale: number, delay: Delay) => Promise<void>): Promise<void> =>
    atAnySpeed(100, async (scale, delay) => {
      if (scale > 1) await close().then(open);
      await attempt(scale, delay);
    });

  beforeEach(open);
  afterEach(close);

  it('C2 O5: a frozen Redis is told within the ttl of the last renewal that it answered, once, as unreachable', () =>
    afresh(async (scale, delay) => {
      const ttl = 3_000 * scale;
      let sentAt = 0;
      proxy.onCommand(RENEW.sha, () => (sentAt = performance.now()));
      const lock = await context.locks.acquire('a', { ttl });
      await proxy.passed(RENEW.sha);
      // The reply to this renewal comes; that to the next does not.
      await context.locks.inspect('a');
      const lastSent = sentAt;
      server.pause();
      const { reason, after } = await loss(lock, lastSent);
      expect(reason).toBe('unreachable');
      expect(after).toBeLessThan(delay.limit(ttl + SLACK, lastSent));
      // Not before its time either: a renewal that is not answered at once is no loss.
      expect(after).toBeGreaterThan(ttl * 0.9);
      expect(lock.isHeld).toBe(false);
      expect(warnings()).toHaveLength(1);
    }));

  it.each<[string, string, (key: string) => Promise<unknown>]>([
    ['stolen', 'another value is set over', (key) => server.command('SET', key, 'thief', 'PX', 60_000)],
    [
      'stolen',
      'another program deletes and takes',
      (key) => server.command('DEL', key).then(() => server.command('SET', key, 'thief', 'NX', 'PX', 60_000)),
    ],
    ['expired', 'somebody deletes', (key) => server.command('DEL', key)],
    ['expired', 'somebody renames', (key) => server.command('RENAME', key, 'elsewhere')],
    ['expired', 'Redis evicts', () => evict()],
  ])('C2 C14 O5: %s is what a holder is told within a third of the ttl, once, when %s its key', (reason, _, act) =>
    afresh(async (scale, delay) => {
      const ttl = 1_500 * scale;
      const lock = await context.locks.acquire('a', { ttl });
      const { fencingToken } = lock;
      const begin = performance.now();
      await act('lock:a');
      expect(await loss(lock, begin)).toEqual({ reason, after: expect.any(Number) });
      expect(performance.now() - begin).toBeLessThan(delay.limit(ttl / 3 + SLACK, begin));
      expect(await lock.release()).toBe(reason);
      expect(warnings()).toEqual([(lock.signal.reason as Error).message]);
      if (reason === 'stolen') expect(await server.command('GET', 'lock:a')).toBe('thief');
      await server.command('CONFIG', 'SET', 'maxmemory', 0);
      await server.command('DEL', 'lock:a');
      const next = await context.locks.acquire('a');
      expect(next.fencingToken).toBeGreaterThan(fencingToken);
      await next.release();
    }),
  );

  const evict = async (): Promise<void> => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
    await server.command('CONFIG', 'SET', 'maxmemory', 1);
    expect(await server.command('EXISTS', 'lock:a')).toBe(0);
  };

  it.each<[string, (scale: number) => unknown, (scale: number) => object]>([
    ['forced', () => context.locks.forceRelease('a'), () => ({})],
    ['maxHold', () => undefined, (scale) => ({ maxHold: 200 * scale })],
    ['shutdown', () => context.app.close(), () => ({})],
    ['expired', () => undefined, () => ({ renew: false })],
    ['expired', (scale) => blockEventLoop(900 * scale), () => ({})],
    ['unreachable', () => proxy.set('black-hole'), () => ({})],
    ['unreachable', () => proxy.refuse('LOADING Redis is loading the dataset in memory'), () => ({})],
    ['unreachable', () => server.command('REPLICAOF', '127.0.0.1', '1'), () => ({})],
  ])('C2 C11 O2: %s is the reason in its case, and is told once', (reason, act, options) =>
    afresh(async (scale) => {
      const lock = await context.locks.acquire('a', { ttl: 800 * scale, ...options(scale) });
      void act(scale);
      expect((await loss(lock)).reason).toBe(reason);
      proxy.refuse(undefined);
      await server.command('REPLICAOF', 'NO', 'ONE');
      proxy.set('forward');
      proxy.cut();
      await lock.release().catch(() => undefined);
      expect(warnings()).toHaveLength(1);
    }),
  );

  it('C2b: a holder whose event loop was blocked beyond the ttl knows it before anything else runs', async () => {
    const lock = await context.locks.acquire('a', { ttl: 500 });
    const { signal } = lock;
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        blockEventLoop(700);
        resolve();
      });
    });
    expect([lock.isHeld, signal.aborted]).toEqual([false, true]);
    // What Redis says about it later changes nothing.
    expect(await lock.release()).toBe('expired');
    expect(warnings()).toHaveLength(1);
  });

  it('O5: contention logs nothing above debug', async () => {
    const other = await startContext({ lock: { connection: server.url, keyPrefix: 'lock:', shutdownGrace: 0 } });
    const lock = await other.locks.acquire('a');
    const turns = Array.from({ length: 20 }, (_, index) =>
      context.locks.acquire('a', { wait: index % 2 === 0 ? 0 : 100 }).catch((error) => error.code as string),
    );
    expect(new Set(await Promise.all(turns))).toEqual(new Set(['LOCK_NOT_ACQUIRED']));
    await lock.release();
    const both = [context, other].map(({ locks }) =>
      Promise.all(Array.from({ length: 20 }, () => locks.withLock('a', () => undefined))),
    );
    await Promise.all(both);
    expect([...context.log.at('warn', 'error', 'fatal'), ...other.log.at('warn', 'error', 'fatal')]).toEqual([]);
    await other.app.close();
  });
});
