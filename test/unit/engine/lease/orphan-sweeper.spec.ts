import { beforeEach, describe, expect, it } from '@jest/globals';
import { OrphanSweeper } from '../../../../lib/engine/lease/orphan-sweeper.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { broken, silence, TappedStore } from '../../../support/tapped-store.js';
import { watch } from '../../../support/watch.js';

const TTL = 30_000;

describe('OrphanSweeper', () => {
  let clock: FakeClock;
  let store: TappedStore;
  let sweeper: OrphanSweeper;

  const leave = (key = 'a') => store.inner.acquire({ key, value: 'mine', ttl: TTL, tokens: 1 });
  const isSettled = async (): Promise<boolean> => {
    const settled = watch(sweeper.settled());
    await clock.settle();
    return settled.state === 'fulfilled';
  };

  beforeEach(() => {
    clock = new FakeClock();
    store = new TappedStore(clock);
    sweeper = new OrphanSweeper(store, clock);
  });

  it('C5: removes a value at once', async () => {
    await leave();
    sweeper.sweep({ key: 'a', value: 'mine', ttl: TTL, mayComeYet: false });
    await clock.settle();
    expect(await store.inner.inspect('a')).toBeNull();
    expect(await isSettled()).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('C5: never removes the value of another', async () => {
    await leave();
    sweeper.sweep({ key: 'a', value: 'yours', ttl: TTL, mayComeYet: false });
    await clock.settle();
    expect((await store.inner.inspect('a'))?.value).toBe('mine');
    expect(await isSettled()).toBe(true);
  });

  it('C5: goes on while the store refuses, without a hot loop, and is done soon after', async () => {
    await leave();
    store.answer('release', () => Promise.reject(broken()));
    sweeper.sweep({ key: 'a', value: 'mine', ttl: TTL, mayComeYet: false });
    await clock.advance(10_000);
    expect(await isSettled()).toBe(false);
    expect(store.of('release').length).toBeGreaterThan(3);
    expect(store.of('release').length).toBeLessThan(20);
    store.answer('release');
    await clock.advance(2_100);
    expect(await store.inner.inspect('a')).toBeNull();
    expect(await isSettled()).toBe(true);
  });

  it('C5: has one removal unanswered at a time, however long the store is silent', async () => {
    await leave();
    let breakConnection: () => void = () => undefined;
    store.answer(
      'release',
      () => new Promise((_, reject) => (breakConnection = () => reject(broken({ applied: 'unknown' })))),
    );
    sweeper.sweep({ key: 'a', value: 'mine', ttl: TTL, mayComeYet: false });
    await clock.advance(20_000);
    expect(store.of('release')).toHaveLength(1);
    store.answer('release');
    breakConnection();
    await clock.advance(100);
    expect(await store.inner.inspect('a')).toBeNull();
    expect(await isSettled()).toBe(true);
  });

  it('C5: looks again for a value whose command may come yet', async () => {
    sweeper.sweep({ key: 'a', value: 'mine', ttl: TTL, mayComeYet: true });
    await clock.advance(500);
    expect(await isSettled()).toBe(true);
    await leave();
    await clock.advance(700);
    expect(await store.inner.inspect('a')).toBeNull();
    await leave();
    await clock.advance(4_000);
    expect(await store.inner.inspect('a')).toBeNull();
    expect(clock.pending).toBe(0);
  });

  it('C5: has so many at work at a time, and not more', async () => {
    store.answer('release', silence);
    for (let count = 0; count < 10_050; count += 1)
      sweeper.sweep({ key: `key-${count}`, value: 'mine', ttl: TTL, mayComeYet: false });
    expect(store.of('release')).toHaveLength(10_000);
  });

  it('keeps the key taken for the rest of the time that it was to be kept', async () => {
    await leave();
    store.answer('release', () => Promise.reject(broken()));
    sweeper.sweep({ key: 'a', value: 'mine', ttl: TTL, keepUntil: clock.now() + 5_000, mayComeYet: false });
    await clock.advance(2_000);
    store.answer('release');
    await clock.advance(1_100);
    expect(await isSettled()).toBe(true);
    expect((await store.inner.inspect('a'))?.ttl).toBeLessThanOrEqual(2_000);
    await clock.advance(2_000);
    expect(await store.inner.inspect('a')).toBeNull();
  });

  it('gives up when the lease must have ended long ago', async () => {
    store.answer('release', () => Promise.reject(broken()));
    sweeper.sweep({ key: 'a', value: 'mine', ttl: TTL, mayComeYet: false });
    await clock.advance(TTL);
    expect(await isSettled()).toBe(false);
    await clock.advance(TTL * 2);
    expect(await isSettled()).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('gives up when another try will not help', async () => {
    store.answer('release', () => Promise.reject(broken({ transient: false })));
    sweeper.sweep({ key: 'a', value: 'mine', ttl: TTL, mayComeYet: false });
    expect(await isSettled()).toBe(true);
    expect(store.of('release')).toHaveLength(1);
  });

  it('stops when told to', async () => {
    store.answer('release', () => Promise.reject(broken()));
    sweeper.sweep({ key: 'a', value: 'mine', ttl: TTL, mayComeYet: false });
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
    for (const key of keys) sweeper.sweep({ key, value: 'mine', ttl: TTL, mayComeYet: false });
    await sweeper.settled();
    expect(await Promise.all(keys.map((key) => store.inner.inspect(key)))).toEqual(keys.map(() => null));
  });
});
