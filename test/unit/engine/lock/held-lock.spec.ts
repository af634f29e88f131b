import { beforeEach, describe, expect, it } from '@jest/globals';
import { LockLostError } from '../../../../lib/errors/lock-lost.error.js';
import { testEngine, type TestEngine } from '../../../support/test-engine.js';
import { broken, silence } from '../../../support/tapped-store.js';
import { watch } from '../../../support/watch.js';

const TTL = 3_000;

describe('a lock that is held', () => {
  let world: TestEngine;

  const stored = () => world.store.inner.inspect('a');
  const steal = async (): Promise<void> => {
    await world.store.inner.forceRelease('a');
    await world.store.inner.acquire({ key: 'a', value: 'thief', ttl: 60_000, tokens: 1 });
  };

  beforeEach(() => {
    world = testEngine();
  });

  it('tells what it is', async () => {
    const lock = await world.acquire('a', { ttl: TTL });
    expect(lock).toMatchObject({ key: 'a', keys: ['a'], isHeld: true, fencingToken: expect.any(Number) });
    expect(Object.isFrozen(lock.keys)).toBe(true);
    expect(lock.signal.aborted).toBe(false);
    expect(lock.signal).toBe(lock.signal);
    expect(lock.expiresAt).toBeGreaterThan(world.clock.epoch() + TTL - 100);
    expect(lock.expiresAt).toBeLessThan(world.clock.epoch() + TTL);
    await world.clock.advance(TTL * 5);
    expect(lock.expiresAt).toBeGreaterThan(world.clock.epoch() + TTL / 2);
  });

  describe('the loss', () => {
    it.each([
      ['expired', () => world.store.inner.forceRelease('a')],
      ['stolen', () => steal()],
      ['unreachable', () => world.store.answer('renew', silence)],
      ['forced', () => world.engine.forceRelease('a')],
      ['shutdown', () => world.engine.close(10)],
    ])('C2a: %s aborts the signal with its reason, once, and is told once', async (reason, cause) => {
      const lock = await world.acquire('a', { ttl: TTL });
      const { signal } = lock;
      let aborts = 0;
      signal.addEventListener('abort', () => (aborts += 1));
      void cause();
      await world.clock.advance(TTL * 2);
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBeInstanceOf(LockLostError);
      expect(signal.reason).toMatchObject({ reason, key: 'a' });
      expect(lock.isHeld).toBe(false);
      expect(aborts).toBe(1);
      expect(world.losses).toEqual([signal.reason]);
    });

    it('C2a: of a key that was deleted is told within one renewal interval', async () => {
      const lock = await world.acquire('a', { ttl: TTL });
      await world.clock.advance(500);
      await world.store.inner.forceRelease('a');
      await world.clock.advance(TTL / 3);
      expect(lock.signal.aborted).toBe(true);
    });

    it('C2a: is seen by a signal that is asked for only afterwards', async () => {
      const lock = await world.acquire('a', { ttl: TTL, renew: false });
      await world.clock.advance(TTL);
      expect(lock.signal.aborted).toBe(true);
      expect(lock.signal.reason).toMatchObject({ reason: 'expired' });
    });

    it.each(['isHeld', 'signal', 'loss'] as const)(
      'C2b: is noticed by %s when the loop was blocked and no timer has rung',
      async (property) => {
        const lock = await world.acquire('a', { ttl: TTL });
        const { signal } = lock;
        world.clock.block(TTL);
        void lock[property];
        expect(signal.aborted).toBe(true);
        expect(lock.isHeld).toBe(false);
      },
    );

    it('of one holder does not touch the next one', async () => {
      const first = await world.acquire('a', { ttl: TTL });
      const second = world.acquire('a', { ttl: TTL });
      await world.engine.forceRelease('a');
      const next = await second;
      expect(first.isHeld).toBe(false);
      await first.release();
      await world.clock.advance(TTL * 3);
      expect(next.isHeld).toBe(true);
      expect(world.losses).toHaveLength(1);
    });
  });

  describe('maxHold', () => {
    it('C11: stops the renewal and tells the holder; the key frees itself', async () => {
      const lock = await world.acquire('a', { ttl: TTL, maxHold: 10_000 });
      const { signal } = lock;
      await world.clock.advance(9_999);
      expect(signal.aborted).toBe(false);
      await world.clock.advance(1);
      expect(signal.reason).toMatchObject({ reason: 'maxHold' });
      world.store.calls.length = 0;
      await world.clock.advance(TTL);
      expect(world.store.of('renew')).toEqual([]);
      expect(await stored()).toBeNull();
      expect(world.losses).toHaveLength(1);
    });

    it('C11: keeps others of this process out until the lease is surely over or given back', async () => {
      const lock = await world.acquire('a', { ttl: TTL, maxHold: 100 });
      const next = watch(world.acquire('a'));
      await world.clock.advance(200);
      expect(next.state).toBe('pending');
      expect(await lock.release()).toBe('released');
      await world.clock.settle();
      expect(next.state).toBe('fulfilled');
    });

    it('C11: does nothing after a release', async () => {
      const lock = await world.acquire('a', { ttl: TTL, maxHold: 100 });
      await lock.release();
      await world.clock.advance(1_000);
      expect(lock.signal.aborted).toBe(false);
      expect(world.losses).toEqual([]);
    });
  });

  describe('minHold', () => {
    it('N2: keeps the key taken from the acquisition on, without renewing it', async () => {
      const lock = await world.acquire('a', { ttl: TTL, minHold: 10_000 });
      await world.clock.advance(500);
      world.store.calls.length = 0;
      expect(await lock.release()).toBe('released');
      expect((await stored())?.ttl).toBe(9_500);
      const next = watch(world.acquire('a', { wait: Infinity }));
      await world.clock.advance(9_400);
      expect(next.state).toBe('pending');
      expect(world.store.of('renew')).toEqual([]);
      await world.clock.advance(200);
      expect(next.state).toBe('fulfilled');
    });

    it('N2: has no effect on a hold that was longer', async () => {
      const lock = await world.acquire('a', { ttl: TTL, minHold: 1_000 });
      await world.clock.advance(1_500);
      await lock.release();
      expect(await stored()).toBeNull();
    });
  });

  describe('release()', () => {
    it('is one command, and is idempotent', async () => {
      const lock = await world.acquire('a');
      const outcomes = await Promise.all([lock.release(), lock.release()]);
      expect([...outcomes, await lock.release()]).toEqual(['released', 'released', 'released']);
      expect(world.store.of('release')).toHaveLength(1);
      expect(lock.isHeld).toBe(false);
      expect(lock.signal.aborted).toBe(false);
      expect(world.clock.pending).toBe(0);
    });

    it.each([
      ['expired', () => world.store.inner.forceRelease('a')],
      ['stolen', () => steal()],
    ])('C4a: %s is an outcome, not an error, and it is told', async (outcome, cause) => {
      const lock = await world.acquire('a', { ttl: TTL });
      const { signal } = lock;
      await cause();
      const before = await stored();
      expect(await lock.release()).toBe(outcome);
      expect(await lock.release()).toBe(outcome);
      expect(world.store.of('release')).toHaveLength(1);
      expect(world.losses).toMatchObject([{ reason: outcome, key: 'a' }]);
      expect(signal.reason).toMatchObject({ reason: outcome });
      expect(await stored()).toEqual(before);
    });

    it('C4c: of a lock that was lost before is told no second time', async () => {
      const lock = await world.acquire('a', { ttl: TTL, renew: false });
      await world.clock.advance(TTL);
      expect(await lock.release()).toBe('expired');
      expect(world.losses).toHaveLength(1);
    });

    it.each([
      ['is refused', () => Promise.reject(broken())],
      [
        'is not answered until the connection breaks',
        () =>
          new Promise<never>((_, reject) => world.clock.setTimer(1_500, () => reject(broken({ applied: 'unknown' })))),
      ],
    ])('that %s rejects within a second and is repeated in the background', async (_, rule) => {
      const lock = await world.acquire('a', { ttl: 60_000 });
      world.store.answer('release', rule);
      const released = watch(lock.release());
      await world.clock.advance(1_000);
      expect(released.error).toMatchObject({ code: 'LOCK_BACKEND', key: 'a' });
      expect(await stored()).not.toBeNull();
      world.store.answer('release');
      await world.clock.advance(3_000);
      expect(await stored()).toBeNull();
      expect(world.clock.pending).toBe(0);
    });

    it('that is not confirmed is told to the observer when it is disposed of, and throws nothing', async () => {
      const lock = await world.acquire('a');
      world.store.answer('release', () => Promise.reject(broken()));
      await lock[Symbol.asyncDispose]();
      expect(world.unconfirmed).toMatchObject([{ code: 'LOCK_BACKEND' }]);
    });
  });
});
