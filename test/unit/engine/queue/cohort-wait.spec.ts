import { beforeEach, describe, expect, it } from '@jest/globals';
import { testEngine, type TestEngine } from '../../../support/test-engine.js';
import { broken, silence } from '../../../support/tapped-store.js';
import { rejection, watch } from '../../../support/watch.js';

/** When a value whose command may come late was looked for the last time. */
const REVISITED = 6_000;

describe('waiting for a key', () => {
  let world: TestEngine;

  const vacate = () => world.store.inner.forceRelease('a');
  const stored = () => world.store.inner.inspect('a');
  const tries = () => world.store.calls.filter(({ method }) => method === 'acquire' || method === 'contend');
  const leftBehind = async (): Promise<unknown> => [await world.store.inner.inspect('a'), world.clock.pending];

  beforeEach(() => {
    world = testEngine();
  });

  describe('the budget', () => {
    it('W5: is its own number: three times the ttl, and the lease is fresh then', async () => {
      await world.occupy('a', 3_000);
      const lock = watch(world.acquire('a', { ttl: 1_000, wait: 3_500 }));
      await world.clock.advance(3_100);
      expect(lock.state).toBe('fulfilled');
      expect(lock.value?.expiresAt).toBeGreaterThan(world.clock.epoch() + 800);
    });

    it.each([1, 50, 777, 10_000])('W5: of %d ms is kept to the millisecond', async (wait) => {
      await world.occupy();
      const waiter = watch(world.acquire('a', { wait }));
      await world.clock.advance(wait - 1);
      expect(waiter.state).toBe('pending');
      await world.clock.advance(1);
      expect(waiter.error).toMatchObject({
        code: 'LOCK_NOT_ACQUIRED',
        waitedMs: wait,
        message: expect.stringContaining(`ends in ${600_000 - wait} ms`),
      });
      expect(await leftBehind()).toMatchObject([{ value: 'foreign' }, 0]);
    });

    it('W5: Infinity waits on', async () => {
      await world.occupy('a', 100_000_000);
      const waiter = watch(world.acquire('a', { wait: Infinity }));
      await world.clock.advance(3_600_000);
      expect(waiter.state).toBe('pending');
      await vacate();
      await world.clock.advance(2_000);
      expect(waiter.state).toBe('fulfilled');
    });

    it('W5: of one waiter is not that of another', async () => {
      await world.occupy();
      const waiters = [300, 100, 200].map((wait) => watch(world.acquire('a', { wait })));
      await world.clock.advance(150);
      expect(waiters.map(({ state }) => state)).toEqual(['pending', 'rejected', 'pending']);
      await world.clock.advance(100);
      expect(waiters.map(({ state }) => state)).toEqual(['pending', 'rejected', 'rejected']);
    });

    it('W4: is kept when the store does not answer, and it is not called busy', async () => {
      world.store.answer('acquire', silence);
      const waiter = watch(world.acquire('a', { wait: 300 }));
      await world.clock.advance(300);
      expect(waiter.error).toMatchObject({ code: 'LOCK_BACKEND', key: 'a' });
    });

    it('W5: that ends between two holders is called busy: the key was, all the time', async () => {
      const lock = await world.acquire('a');
      const waiter = watch(world.acquire('a', { wait: 300, ttl: 5_000 }));
      await world.clock.advance(200);
      world.store.answer('acquire', silence);
      await lock.release();
      await world.clock.advance(100);
      expect(waiter.error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', waitedMs: 300, retryAfterMs: 200 });
    });

    it('W4: is used up to try a store that is down for a while', async () => {
      world.store.answer('acquire', () => Promise.reject(broken()));
      const waiter = watch(world.acquire('a', { wait: 5_000, backendWait: 5_000 }));
      await world.clock.advance(3_000);
      expect(waiter.state).toBe('pending');
      world.store.answer('acquire');
      await world.clock.advance(2_000);
      expect(waiter.state).toBe('fulfilled');
    });

    it('W4: is not used up when another try will not help', async () => {
      world.store.answer('acquire', () => Promise.reject(broken({ transient: false })));
      const waiters = [1, 2, 3].map(() => watch(world.acquire('a', { wait: 60_000 })));
      await world.clock.advance(10);
      expect(waiters.map(({ error }) => error?.code)).toEqual(Array(3).fill('LOCK_BACKEND'));
      expect(world.clock.pending).toBe(0);
    });
  });

  describe('the signal', () => {
    const reason = new Error('the client is gone');

    it('W6: that is aborted already sends nothing', async () => {
      expect(await rejection(world.acquire('a', { signal: AbortSignal.abort(reason) }))).toBe(reason);
      expect(world.store.calls).toEqual([]);
    });

    it('W6: ends the waiting at once, and nothing is left of it', async () => {
      await world.occupy();
      const abort = new AbortController();
      const waiter = watch(world.acquire('a', { signal: abort.signal }));
      await world.clock.advance(500);
      abort.abort(reason);
      await world.clock.settle();
      expect(waiter.error).toBe(reason);
      expect(await leftBehind()).toMatchObject([{ value: 'foreign' }, 0]);
    });

    it('W6: in the middle of the queue leaves the others where they are', async () => {
      const lock = await world.acquire('a');
      const abort = new AbortController();
      const waiters = [undefined, abort.signal, undefined].map((signal) => watch(world.acquire('a', { signal })));
      abort.abort(reason);
      await lock.release();
      await world.clock.settle();
      expect(waiters.map(({ state }) => state)).toEqual(['fulfilled', 'rejected', 'pending']);
    });

    it.each(['before', 'after'])(
      'C5: while the command is under way leaves no key (reply %s a second)',
      async (when) => {
        const abort = new AbortController();
        world.store.answer('acquire', async (_, run) => {
          const outcome = await run();
          return new Promise((resolve) =>
            world.clock.setTimer(when === 'before' ? 400 : 1_400, () => resolve(outcome)),
          );
        });
        const waiter = watch(world.acquire('a', { signal: abort.signal }));
        await world.clock.advance(100);
        abort.abort(reason);
        await world.clock.advance(2_000);
        expect(waiter.error).toBe(reason);
        expect(await stored()).toBeNull();
        await world.clock.advance(REVISITED);
        expect(await leftBehind()).toEqual([null, 0]);
      },
    );

    it('C5: leaves no key when the store does it long after everybody has given up', async () => {
      world.store.answer(
        'acquire',
        (_, run) => new Promise((resolve) => world.clock.setTimer(5_000, () => resolve(run()))),
      );
      const waiter = watch(world.acquire('a', { wait: 1_010, ttl: 60_000 }));
      await world.clock.advance(4_900);
      expect(waiter.error).toMatchObject({ code: 'LOCK_BACKEND' });
      world.store.answer('acquire');
      await world.clock.advance(3_000 + REVISITED);
      expect(await leftBehind()).toEqual([null, 0]);
    });

    it('C5: leaves no key when the client sent it again, found the key busy, and the first one comes late', async () => {
      await world.occupy();
      world.store.answer('acquire', async (_, run) => {
        const outcome = await run();
        await new Promise<void>((resolve) => world.clock.setTimer(100, resolve));
        return { ...outcome, isResent: true };
      });
      const controller = new AbortController();
      watch(world.acquire('a', { signal: controller.signal }));
      await world.clock.advance(50);
      controller.abort(new Error('enough'));
      await world.clock.advance(100);
      await vacate();
      await world.store.inner.acquire({
        key: 'a',
        value: world.store.of('acquire')[0]?.value ?? '',
        ttl: 60_000,
        tokens: 1,
      });
      await world.clock.advance(REVISITED);
      expect(await leftBehind()).toEqual([null, 0]);
    });

    it('W6: leaves no listener on it, however the waiting ends', async () => {
      const signal = new AbortController().signal;
      const counts = { added: 0, removed: 0 };
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...args: any[]) =>
        void ((counts.added += 1), Reflect.apply(addEventListener, signal, args));
      signal.removeEventListener = (...args: any[]) =>
        void ((counts.removed += 1), Reflect.apply(removeEventListener, signal, args));
      const lock = await world.acquire('a', { signal });
      const impatient = watch(world.acquire('a', { signal, wait: 20 }));
      await world.clock.advance(50);
      await lock.release();
      expect(impatient.state).toBe('rejected');
      expect(counts).toEqual({ added: 2, removed: 2 });
    });

    it('W6: has no effect once the lock is held', async () => {
      const abort = new AbortController();
      const lock = await world.acquire('a', { signal: abort.signal });
      abort.abort(reason);
      expect(lock.isHeld).toBe(true);
      expect(lock.signal.aborted).toBe(false);
    });
  });

  describe('between two tries', () => {
    it.each([0, 0.5, 0.999])(
      'W2b: the rest grows from 20 ms to no more than one try a second (random %d)',
      async (random) => {
        world = testEngine({ random: () => random });
        await world.occupy('a', 100_000_000);
        void world.acquire('a', { wait: Infinity });
        await world.clock.advance(60_000);
        const times = tries().map(({ at }) => at);
        const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
        expect(gaps[0]).toBeGreaterThanOrEqual(15);
        expect(gaps[0]).toBeLessThanOrEqual(25);
        const late = gaps.filter((_, index) => (times[index] as number) >= (times[0] as number) + 10_000);
        expect(Math.min(...late)).toBeGreaterThanOrEqual(1_000);
        expect(Math.max(...gaps)).toBeLessThanOrEqual(2_000);
      },
    );

    it('W2b: two processes do not keep step', async () => {
      const firstRest = async (random: number): Promise<number> => {
        world = testEngine({ random: () => random });
        await world.occupy();
        void world.acquire('a', { wait: Infinity });
        await world.clock.advance(2_000);
        return (tries()[5]?.at ?? 0) - (tries()[4]?.at ?? 0);
      };
      expect(await firstRest(0.9)).toBeGreaterThan((await firstRest(0.1)) * 1.2);
    });

    it('W2b: a store that is down is not asked more often than one that is busy', async () => {
      world.store.answer('acquire', () => Promise.reject(broken()));
      void world.acquire('a', { wait: Infinity, backendWait: Infinity });
      await world.clock.advance(10_000);
      world.store.calls.length = 0;
      await world.clock.advance(20_000);
      expect(world.store.of('acquire').length).toBeLessThanOrEqual(20);
      expect(world.store.of('acquire').length).toBeGreaterThanOrEqual(5);
    });

    it("W3c: whoever waits wakes when the holder's lease ends, not at the end of a long rest", async () => {
      await world.occupy('a', 10_000);
      const waiter = watch(world.acquire('a', { wait: Infinity }));
      await world.clock.advance(10_030);
      expect(waiter.state).toBe('fulfilled');
    });

    it('starts small again after it got in', async () => {
      await world.occupy('a', 5_000);
      const first = watch(world.acquire('a', { wait: Infinity }));
      await world.clock.advance(5_100);
      await first.value?.release();
      await world.occupy('a', 5_000);
      world.store.calls.length = 0;
      void world.acquire('a', { wait: Infinity });
      await world.clock.advance(100);
      expect(tries().length).toBeGreaterThanOrEqual(3);
    });
  });
});
