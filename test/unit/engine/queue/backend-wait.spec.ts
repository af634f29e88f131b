import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AcquireOutcome } from '../../../../lib/engine/lock-store.interface.js';
import { broken, silence } from '../../../support/tapped-store.js';
import { testEngine, type TestEngine } from '../../../support/test-engine.js';
import { watch } from '../../../support/watch.js';

describe('backendWait', () => {
  let world: TestEngine;

  const fail = (): void => {
    for (const method of ['acquire', 'contend'] as const) world.store.answer(method, () => Promise.reject(broken()));
  };
  const recover = (): void => {
    for (const method of ['acquire', 'contend'] as const) world.store.answer(method);
  };

  beforeEach(() => {
    world = testEngine();
  });

  it.each([
    { wait: 10_000, backendWait: 2_000, ends: 2_000 },
    { wait: Infinity, backendWait: 500, ends: 500 },
    { wait: 300, backendWait: 2_000, ends: 300 },
    { wait: 700, backendWait: Infinity, ends: 700 },
  ])(
    'W4: of $backendWait ms, with a wait of $wait ms, ends after $ends ms while the store fails',
    async ({ wait, backendWait, ends }) => {
      fail();
      const waiter = watch(world.acquire('a', { wait, backendWait }));
      await world.clock.advance(ends - 1);
      expect(waiter.state).toBe('pending');
      await world.clock.advance(1);
      expect(waiter.error).toMatchObject({ code: 'LOCK_BACKEND', key: 'a' });
      expect(world.clock.pending).toBe(0);
    },
  );

  it('W4: of 0 gives up at the first failure', async () => {
    fail();
    const waiter = watch(world.acquire('a', { backendWait: 0 }));
    await world.clock.advance(1);
    expect(waiter.error).toMatchObject({ code: 'LOCK_BACKEND' });
  });

  it('W4: counts from when a command was sent that was never answered', async () => {
    world.store.answer('acquire', silence);
    const waiter = watch(world.acquire('a'));
    await world.clock.advance(1_999);
    expect(waiter.state).toBe('pending');
    await world.clock.advance(1);
    expect(waiter.error).toMatchObject({ code: 'LOCK_BACKEND' });
  });

  it('W4: counts from when the store began to fail, for those who wait for a busy lock', async () => {
    await world.occupy();
    const waiter = watch(world.acquire('a', { wait: 60_000 }));
    await world.clock.advance(5_000);
    fail();
    // The next try comes within two seconds.
    await world.clock.advance(2_000);
    expect(waiter.state).toBe('pending');
    await world.clock.advance(2_000);
    expect(waiter.error).toMatchObject({ code: 'LOCK_BACKEND' });
  });

  it('W4: counts for each caller from when it asked, if that was later, and by its own option', async () => {
    fail();
    const first = watch(world.acquire('a'));
    await world.clock.advance(1_500);
    const second = watch(world.acquire('a'));
    const hasty = watch(world.acquire('a', { backendWait: 100 }));
    await world.clock.advance(100);
    expect([first, second, hasty].map(({ state }) => state)).toEqual(['pending', 'pending', 'rejected']);
    await world.clock.advance(400);
    expect([first, second].map(({ state }) => state)).toEqual(['rejected', 'pending']);
    await world.clock.advance(1_500);
    expect(second.state).toBe('rejected');
  });

  it('W4: survives a short outage, after which a busy lock is waited for as long as ever', async () => {
    fail();
    const waiter = watch(world.acquire('a', { wait: 10_000 }));
    await world.clock.advance(1_000);
    await world.occupy();
    recover();
    await world.clock.advance(8_999);
    expect(waiter.state).toBe('pending');
    await world.clock.advance(1);
    expect(waiter.error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', waitedMs: 10_000 });
  });

  it('W4: each outage has its own', async () => {
    await world.occupy();
    const waiter = watch(world.acquire('a', { wait: Infinity }));
    for (let outage = 0; outage < 5; outage += 1) {
      fail();
      await world.clock.advance(1_900);
      recover();
      await world.clock.advance(4_000);
    }
    expect(waiter.state).toBe('pending');
    await world.store.inner.forceRelease('a');
    await world.clock.advance(2_000);
    expect(waiter.state).toBe('fulfilled');
  });

  it('W4: an answer that comes in the moment of the deadline counts', async () => {
    fail();
    const waiter = watch(world.acquire('a', { wait: 60_000, backendWait: 100 }));
    await world.clock.advance(1);
    let answer: (outcome: AcquireOutcome) => void = () => undefined;
    world.store.answer('acquire', () => new Promise((resolve) => (answer = resolve)));
    await world.clock.advance(98);
    world.clock.ring(Infinity);
    answer({ status: 'busy', remaining: 600_000, wakes: false });
    await world.clock.settle();
    expect(waiter.state).toBe('pending');
  });

  it('W4: is not slept through: a store that comes back shortly before its end is noticed', async () => {
    fail();
    const waiter = watch(world.acquire('a'));
    await world.clock.advance(1_800);
    recover();
    await world.clock.advance(190);
    expect(waiter.state).toBe('fulfilled');
  });
});
