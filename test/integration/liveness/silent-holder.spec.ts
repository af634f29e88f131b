import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import { openScene, type Scene } from './support/scene.js';

const KEYS = ['a', 'b', 'c'];
const WAITERS_PER_KEY = 10;
const FIRST_SECONDS_MS = 3_000;
const WINDOW_MS = 6_000;
/** On a machine that stands still for longer than the lease, the holder loses it, and nothing can be counted. */
const ATTEMPTS = 5;

describe('W2a: who waits for a silent holder', () => {
  let scene: Scene;
  let proxy: FaultProxy;

  beforeEach(async () => {
    scene = await openScene();
    proxy = await startFaultProxy(scene.server.port);
  });
  afterEach(async () => {
    await scene.close();
    await proxy.close();
  });

  /** How many scripts a second the waiting process sends for each key; `undefined` when a lock was lost meanwhile. */
  const measure = async (ttl: number): Promise<number | undefined> => {
    const [holder, waiter] = await Promise.all([scene.open(), scene.open({ connection: proxy.url })]);
    const held = await Promise.all(KEYS.map((key) => holder.locks.acquire(key, { ttl })));
    const stop = new AbortController();
    const waiters = KEYS.flatMap((key) =>
      Array.from({ length: WAITERS_PER_KEY }, () =>
        waiter.locks.acquire(key, { ttl, wait: Infinity, signal: stop.signal }),
      ),
    );
    const ended = Promise.allSettled(waiters);
    await sleep(FIRST_SECONDS_MS);
    let commands = 0;
    const stopCounting = proxy.onCommand('\r\neval', () => (commands += 1));
    const begin = performance.now();
    await sleep(WINDOW_MS);
    stopCounting();
    const seconds = (performance.now() - begin) / 1_000;
    const isKept = held.every(({ isHeld }) => isHeld);
    stop.abort();
    await Promise.all(held.map((lock) => lock.release()));
    for (const { value } of (await ended).filter((end) => end.status === 'fulfilled')) await value.release();
    await Promise.all([holder.app.close(), waiter.app.close()]);
    return isKept ? commands / seconds / KEYS.length : undefined;
  };

  it.each([30_000, 300])(
    'whose lease of %d ms is renewed, sends one command per second and key at most',
    async (ttl) => {
      let rate: number | undefined;
      for (let attempt = 0; rate === undefined && attempt < ATTEMPTS; attempt += 1) rate = await measure(ttl);
      expect(rate).toBeLessThanOrEqual(1);
    },
  );
});
