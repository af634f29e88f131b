import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import type { NestContext } from '../../support/nest-context.js';
import { openClient, openScene, type Scene } from './support/scene.js';

/** So long that whoever waits for its end has failed. */
const TERMS = { ttl: 30_000 };
const PROBED_MS = 30_000;

describe('W3b: whatever of a wake-up is lost, a free lock is taken within two seconds', () => {
  let scene: Scene;
  let holder: NestContext;

  beforeEach(async () => {
    scene = await openScene();
    holder = await scene.open();
  });
  afterEach(() => scene.close());

  describe('on the way to the subscriber of the process that waits', () => {
    let proxy: FaultProxy;
    let client: Redis;
    let waiter: NestContext;

    beforeEach(async () => {
      proxy = await startFaultProxy(scene.server.port);
      client = openClient(scene.server.url, proxy.url);
      // Each hand-over asks whether another process waits.
      waiter = await scene.open({ connection: client, quantum: { handOvers: 0 } });
    });
    afterEach(async () => {
      await waiter.app.close();
      client.disconnect();
      await proxy.close();
    });

    it('after a relay: the wake-up of a process that gave the lock away', async () => {
      const first = await waiter.locks.acquire('a', TERMS);
      const next = waiter.locks.acquire('a', TERMS);
      const other = holder.locks.acquire('a', TERMS);
      await scene.queued(1);
      await first.release();
      await scene.queued(1);
      proxy.set('drop-replies');
      await (await other).release();
      const free = performance.now();
      await (await next).release();
      scene.judgeFree(free);
    });

    it.each(['its peer has forgotten', 'nothing passes'])('half-open: %s', async (how) => {
      const lock = await holder.locks.acquire('a', TERMS);
      const next = waiter.locks.acquire('a', TERMS);
      await scene.queued(1);
      if (how === 'nothing passes') proxy.set('black-hole');
      else proxy.halfOpen();
      await lock.release();
      const free = performance.now();
      await (await next).release();
      scene.judgeFree(free);
    });

    it('half-open: noticed while a caller waits, and replaced by a connection that works', async () => {
      const lock = await holder.locks.acquire('a', TERMS);
      const next = waiter.locks.acquire('a', { ...TERMS, wait: Infinity });
      await scene.queued(1);
      proxy.halfOpen();
      const subscribers = async (): Promise<number> =>
        ((await scene.server.command('PUBSUB', 'CHANNELS')) as string[]).length;
      await eventually(async () => (await subscribers()) === 0);
      await eventually(async () => (await subscribers()) === 1, PROBED_MS);
      await lock.release();
      await (await next).release();
    });
  });

  it('a lock that was kept beyond its release by minHold, and then ends by itself', async () => {
    const minHold = 1_500;
    const begin = performance.now();
    const lock = await holder.locks.acquire('a', { ...TERMS, minHold });
    const waiter = await scene.open();
    const next = waiter.locks.acquire('a', TERMS);
    await scene.queued(1);
    await lock.release();
    const released = performance.now();
    await (await next).release();
    // It counts from the acquisition, and the key lives on until then.
    expect(performance.now() - begin).toBeGreaterThan(minHold - 50);
    scene.judgeFree(Math.max(begin + minHold, released));
  });

  it.each([['DEL', 'lock:a'], ['FLUSHALL']] as const)('%s by somebody else', async (...command) => {
    const lock = await holder.locks.acquire('a', TERMS);
    const waiter = await scene.open();
    const next = waiter.locks.acquire('a', TERMS);
    await scene.queued(1);
    await scene.server.command(...(command as [string, ...string[]]));
    const free = performance.now();
    await (await next).release();
    scene.judgeFree(free);
    expect(await lock.release()).toBe('expired');
  });
});
