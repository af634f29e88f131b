import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AsyncResource } from 'node:async_hooks';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';
import { WARM_UP } from '../support/patience.mjs';

describe('mutual exclusion', () => {
  let server: RedisServer;
  let contexts: NestContext[];

  beforeEach(async () => {
    server = await startRedis();
    const lock = { connection: server.url, keyPrefix: 'lock:', shutdownGrace: 60_000 };
    contexts = await Promise.all([startContext({ lock }), startContext({ lock })]);
  });
  afterEach(async () => {
    await Promise.all(contexts.map(({ app }) => app.close()));
    await server.stop('SIGKILL');
  });

  /** Counts who is inside at the same time, and keeps the tokens in the order of the holders. */
  function room(): { enter: (token: number) => Promise<void>; tokens: number[]; most: () => number } {
    let inside = 0;
    let most = 0;
    const tokens: number[] = [];
    return {
      tokens,
      most: () => most,
      enter: async (token) => {
        inside += 1;
        most = Math.max(most, inside);
        tokens.push(token);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      },
    };
  }
  const isIncreasing = (tokens: readonly number[]): boolean =>
    tokens.every((value, index) => index === 0 || value > (tokens[index - 1] as number));

  it('C8: 500 callers in one process never overlap, and leave nothing', async () => {
    const [{ locks, app }] = contexts as [NestContext];
    const { enter, most, tokens } = room();
    await Promise.all(
      Array.from({ length: 500 }, () =>
        locks.withLock('a', { wait: 60_000 }, ({ fencingToken }) => enter(fencingToken)),
      ),
    );
    expect(most()).toBe(1);
    expect(tokens).toHaveLength(500);
    expect(isIncreasing(tokens)).toBe(true);
    const keys = (await server.command('KEYS', '*')) as string[];
    expect(keys).toEqual([expect.stringContaining('\x1ffence')]);
    expect(await server.command('PTTL', keys[0] as string)).toBeGreaterThan(0);
    // A service that still knew of a holder or a waiter would use its grace of a minute.
    const begin = performance.now();
    await app.close();
    expect(performance.now() - begin).toBeLessThan(30_000);
  });

  it('C8: callers in two processes never overlap, and all get in', async () => {
    const { enter, most, tokens } = room();
    const caller = ({ locks }: NestContext): Promise<void> =>
      locks.withLock('a', { wait: 60_000 }, ({ fencingToken }) => enter(fencingToken));
    await Promise.all(Array.from({ length: 200 }, (_, index) => caller(contexts[index % 2] as NestContext)));
    expect(most()).toBe(1);
    expect(tokens).toHaveLength(200);
    expect(isIncreasing(tokens)).toBe(true);
  });

  it('C8: works where no async context was ever made', async () => {
    const [{ locks }] = contexts as [NestContext];
    const outside = new AsyncResource('outside', { triggerAsyncId: 0 });
    const { enter, most } = room();
    const turns = Array.from({ length: 50 }, () =>
      outside.runInAsyncScope(() => locks.withLock('a', ({ fencingToken }) => enter(fencingToken))),
    );
    await Promise.all(turns);
    expect(most()).toBe(1);
  });

  it('C8: 300 keys at a time are no obstacle to each other', async () => {
    const [{ locks }] = contexts as [NestContext];
    const held = await Promise.all(
      Array.from({ length: 300 }, (_, index) => locks.acquire(`key-${index}`, { wait: 0 })),
    );
    expect(held.every(({ isHeld }) => isHeld)).toBe(true);
    expect(await Promise.all(held.map((lock) => lock.release()))).toEqual(held.map(() => 'released'));
  });

  it('an uncontended lock costs two commands: no PING, no EVAL, nothing while it is held', async () => {
    const [{ locks }] = contexts as [NestContext];
    await locks.withLock('warm', WARM_UP, () => undefined);
    await resetCommandCounts(server.url);
    for (let turn = 0; turn < 10; turn += 1)
      await locks.withLock('a', () => new Promise((resolve) => setImmediate(resolve)));
    const counts = await commandCounts(server.url);
    expect(counts.evalsha).toBe(20);
    for (const name of [
      'eval',
      'ping',
      'subscribe',
      'publish',
      'client|setname',
      'script|load',
      'keys',
      'scan',
      'exists',
    ])
      expect(counts[name]).toBeUndefined();
  });

  describe('C9: a nested acquire of a key that is held', () => {
    it("by default fails at once, and 'share' is the same lock", async () => {
      const [{ locks }] = contexts as [NestContext];
      await locks.withLock('a', async (outer) => {
        // One that waited would have got the lock, or would wait for ever.
        expect(await rejection(locks.acquire('a', { wait: Infinity }))).toMatchObject({
          code: 'LOCK_REENTRY',
          key: 'a',
        });
        await locks.withLock('a', { reentry: 'share' }, (inner) => expect(inner.fencingToken).toBe(outer.fencingToken));
        expect(await server.command('EXISTS', 'lock:a')).toBe(1);
        expect(await contexts[1]?.locks.tryAcquire('a')).toBeNull();
      });
      expect(await server.command('EXISTS', 'lock:a')).toBe(0);
    });

    it('by siblings is none', async () => {
      const [{ locks }] = contexts as [NestContext];
      const { enter, most } = room();
      await locks.withLock('outer', () =>
        Promise.all(
          Array.from({ length: 20 }, () =>
            locks.withLock('a', { reentry: 'share' }, ({ fencingToken }) => enter(fencingToken)),
          ),
        ),
      );
      expect(most()).toBe(1);
    });
  });
});
