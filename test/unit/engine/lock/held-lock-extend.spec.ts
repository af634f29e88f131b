import { beforeEach, describe, expect, it } from '@jest/globals';
import { testEngine, type TestEngine } from '../../../support/test-engine.js';
import { silence } from '../../../support/tapped-store.js';
import { rejection, watch } from '../../../support/watch.js';

const TTL = 3_000;

describe('extend()', () => {
  let world: TestEngine;

  const stored = () => world.store.inner.inspect('a');

  beforeEach(() => {
    world = testEngine();
  });

  it('starts the lease anew', async () => {
    const lock = await world.acquire('a', { ttl: TTL, renew: false });
    await world.clock.advance(2_000);
    await lock.extend();
    await world.clock.advance(2_000);
    expect(lock.isHeld).toBe(true);
    await lock.extend(60_000);
    expect((await stored())?.ttl).toBe(60_000);
  });

  it('falls back to the ttl that the lock was acquired with', async () => {
    const lock = await world.acquire('a', { ttl: TTL });
    await lock.extend(60_000);
    await lock.extend();
    expect((await stored())?.ttl).toBe(TTL);
  });

  it('of a lock that is released or lost rejects, and sends nothing', async () => {
    const lock = await world.acquire('a', { ttl: TTL, renew: false });
    await world.clock.advance(TTL);
    expect(await rejection(lock.extend())).toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
    await lock.release();
    expect(await rejection(lock.extend())).toMatchObject({ code: 'LOCK_LOST' });
    expect(world.store.of('renew')).toEqual([]);
  });

  it('finds out that the lock is gone', async () => {
    const lock = await world.acquire('a', { ttl: TTL });
    await world.store.inner.forceRelease('a');
    await world.store.inner.acquire({ key: 'a', value: 'thief', ttl: 60_000, tokens: 1 });
    expect(await rejection(lock.extend())).toMatchObject({ code: 'LOCK_LOST', reason: 'stolen' });
  });

  it('rejects within a second when nobody answers; the lock is held as long as it was', async () => {
    const lock = await world.acquire('a', { ttl: TTL });
    world.store.answer('renew', silence);
    const extended = watch(lock.extend());
    await world.clock.advance(1_000);
    expect(extended.error).toMatchObject({ code: 'LOCK_BACKEND', key: 'a' });
    expect(lock.isHeld).toBe(true);
  });
});
