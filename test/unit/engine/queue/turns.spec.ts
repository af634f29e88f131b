import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ContendRequest, RelayRequest } from '../../../../lib/engine/lock-store.interface.js';
import { deferred } from '../../../support/deferred.js';
import { testEngine, type TestEngine } from '../../../support/test-engine.js';
import { broken } from '../../../support/tapped-store.js';
import { watch } from '../../../support/watch.js';

describe('taking turns with other processes', () => {
  let world: TestEngine;
  let contends: (ContendRequest & { readonly at: number })[];
  let relays: RelayRequest[];

  /** Callers that want the key again and again. */
  const crowd = (callers: number, holdMs: number, rounds: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: callers }, async () => {
        for (let round = 0; round < rounds; round += 1) {
          const lock = await world.acquire('a', { wait: Infinity });
          await new Promise<void>((resolve) => world.clock.setTimer(holdMs, resolve));
          await lock.release();
        }
      }),
    );

  beforeEach(() => {
    world = testEngine();
    contends = [];
    relays = [];
    const { contend, relay } = world.store;
    world.store.contend = (request) => {
      contends.push({ ...request, at: world.clock.now() });
      return contend(request);
    };
    world.store.relay = (request) => {
      relays.push(request);
      return relay(request);
    };
  });

  it.each([600_000, 100, 1])(
    'W7: a process that cannot be woken says each time when it comes again, and comes then (a lease that ends in %d ms)',
    async (remaining) => {
      world.store.answer('acquire', () => Promise.resolve({ status: 'busy', remaining: 600_000, wakes: true }));
      world.store.answer('contend', () => Promise.resolve({ status: 'busy', remaining, wakes: true }));
      void world.acquire('a', { wait: Infinity });
      await world.clock.advance(5_000);
      expect(contends.length).toBeGreaterThan(4);
      const gaps = contends.slice(1).map(({ at }, index) => at - (contends[index]?.at ?? 0));
      expect(gaps).toEqual(contends.slice(0, -1).map(({ comesAgainIn }) => comesAgainIn));
    },
  );

  it('W7: a process that can be woken says nothing of it', async () => {
    await world.occupy();
    void world.acquire('a', { wait: Infinity });
    await world.clock.settle();
    world.store.listener?.onOpen();
    await world.clock.advance(5_000);
    expect(contends.map(({ comesAgainIn }) => comesAgainIn)).toEqual(contends.map(() => undefined));
  });

  it('W7: at the end of a quantum others get the key who come while the next one would last', async () => {
    void crowd(3, 50, 10);
    await world.clock.advance(1_000);
    const free = relays.filter(({ mode }) => mode === 'free');
    expect(free.length).toBeGreaterThan(3);
    for (const { ahead } of free.slice(1)) expect(ahead).toBeCloseTo(50, -1);
  });

  it.each([1, 20, 300])(
    'W7: a key that never rests is left free every two seconds, for programs that stand in no queue (holds of %d ms)',
    async (holdMs) => {
      world.store.relay = (request) => {
        relays.push(request);
        if (request.mode === 'open')
          return world.store.inner.release('a', request.value, 0).then(() => ({ status: 'opened' }));
        return world.store.inner.relay(request);
      };
      void crowd(5, holdMs, 100_000);
      await world.clock.advance(20_000);
      const opened = relays.filter(({ mode }) => mode === 'open').length;
      expect(opened).toBeGreaterThanOrEqual(7);
      expect(opened).toBeLessThanOrEqual(10);
    },
  );

  it('W7: while it is left free our own callers do not take it', async () => {
    const opened = deferred();
    world.store.relay = ({ value, mode }) => {
      if (mode === 'open') opened.resolve();
      return mode === 'open'
        ? world.store.inner.release('a', value, 0).then(() => ({ status: 'opened' }))
        : world.store.inner.relay({ key: 'a', value, ttl: 30_000, tokens: 200, mode, ahead: 0 });
    };
    void crowd(5, 20, 100_000);
    const isFree = watch(opened.promise);
    for (let step = 0; isFree.state === 'pending' && step < 3_000; step += 1) await world.clock.advance(1);
    await world.clock.advance(5);
    expect(await world.store.inner.inspect('a')).toBeNull();
    await world.clock.advance(20);
    expect(await world.store.inner.inspect('a')).not.toBeNull();
  });

  it('W3a: a wake-up while a try is under way that fails is not lost', async () => {
    await world.occupy();
    const waiter = watch(world.acquire('a', { wait: 2_000 }));
    await world.clock.settle();
    world.store.listener?.onOpen();
    await world.clock.settle();
    let fail: () => void = () => undefined;
    world.store.answer('contend', () => new Promise((_, reject) => (fail = () => reject(broken()))));
    await world.clock.advance(1_900);
    await world.store.inner.forceRelease('a');
    world.store.answer('contend');
    world.store.listener?.onWake('a');
    fail();
    await world.clock.settle();
    expect(waiter.state).toBe('fulfilled');
  });
});
