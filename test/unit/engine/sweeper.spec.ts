import { beforeEach, describe, expect, it } from '@jest/globals';
import { Sweeper } from '../../../lib/engine/sweeper.js';
import { FakeClock } from '../../support/fake-clock.js';
import { broken, silence, TappedStore } from '../../support/tapped-store.js';
import { watch } from '../../support/watch.js';

const TTL = 30_000;

describe('Sweeper', () => {
  let clock: FakeClock;
  let store: TappedStore;
  let sweeper: Sweeper;

  const leave = (key = 'a') => store.inner.acquire({ key, value: 'mine', ttl: TTL, tokens: 1 });
  const isSettled = async (): Promise<boolean> => {
    const settled = watch(sweeper.settled());
    await clock.settle();
    return settled.state === 'fulfilled';
  };

  beforeEach(() => {
    clock = new FakeClock();
    store = new TappedStore(clock);
    sweeper = new Sweeper(store, clock);
  });

  it('C5: removes a value at once', async () => {
    await leave();
    sweeper.sweep('a', 'mine', TTL);
    await clock.settle();
    expect(await store.inner.inspect('a')).toBeNull();
    expect(await isSettled()).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('C5: never removes the value of another', async () => {
    await leave();
    sweeper.sweep('a', 'yours', TTL);
    await clock.settle();
    expect((await store.inner.inspect('a'))?.value).toBe('mine');
    expect(await isSettled()).toBe(true);
  });

  it.each([
    ['refuses', () => Promise.reject(broken())],
    ['is silent', silence],
  ])('C5: goes on while the store %s, without a hot loop, and is done soon after', async (_, rule) => {
    await leave();
    store.answer('release', rule);
    sweeper.sweep('a', 'mine', TTL);
    await clock.advance(10_000);
    expect(await isSettled()).toBe(false);
    expect(store.of('release').length).toBeGreaterThan(3);
    expect(store.of('release').length).toBeLessThan(20);
    store.answer('release');
    await clock.advance(2_100);
    expect(await store.inner.inspect('a')).toBeNull();
    expect(await isSettled()).toBe(true);
  });

  it('gives up when the lease must have ended long ago', async () => {
    store.answer('release', () => Promise.reject(broken()));
    sweeper.sweep('a', 'mine', TTL);
    await clock.advance(TTL);
    expect(await isSettled()).toBe(false);
    await clock.advance(TTL * 2);
    expect(await isSettled()).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('gives up when another try will not help', async () => {
    store.answer('release', () => Promise.reject(broken({ transient: false })));
    sweeper.sweep('a', 'mine', TTL);
    expect(await isSettled()).toBe(true);
    expect(store.of('release')).toHaveLength(1);
  });

  it('stops when told to', async () => {
    store.answer('release', () => Promise.reject(broken()));
    sweeper.sweep('a', 'mine', TTL);
    await clock.advance(1_000);
    sweeper.stop();
    await clock.advance(2_000);
    store.calls.length = 0;
    await clock.advance(10_000);
    expect(store.calls).toEqual([]);
    expect(await isSettled()).toBe(true);
  });

  it('sweeps many at a time', async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map(leave));
    for (const key of keys) sweeper.sweep(key, 'mine', TTL);
    await sweeper.settled();
    expect(await Promise.all(keys.map((key) => store.inner.inspect(key)))).toEqual(keys.map(() => null));
  });
});
