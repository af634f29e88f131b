import { beforeEach, describe, expect, it } from '@jest/globals';
import { testEngine, type TestEngine } from '../../support/test-engine.js';
import { broken, silence } from '../../support/tapped-store.js';
import { rejection, watch } from '../../support/watch.js';

const TTL = 3_000;

describe.each([
  ['one server', true],
  ['a Cluster', false],
])('a lock on several keys of %s', (_name, isOneServer) => {
  let world: TestEngine;

  const occupy = (key: string, ttl = 60_000) => world.store.inner.acquire({ key, value: 'foreign', ttl, tokens: 1 });
  const holders = async (...keys: string[]): Promise<unknown[]> =>
    Promise.all(keys.map(async (key) => (await world.store.inner.inspect(key))?.value ?? null));

  beforeEach(() => {
    world = testEngine();
    world.store.isOneServer = isOneServer;
  });

  it('C10: holds all of them, under one token above the last of each', async () => {
    const before = await Promise.all(['a', 'b', 'c'].map((key) => world.acquire(key)));
    await Promise.all(before.map((lock) => lock.release()));
    const lock = await world.acquire(['a', 'b', 'c']);
    expect(lock.key).toBe('a');
    expect(lock.keys).toEqual(['a', 'b', 'c']);
    expect(await holders('a', 'b', 'c')).not.toContain(null);
    for (const { fencingToken } of before) expect(lock.fencingToken).toBeGreaterThan(fencingToken);
    await lock.release();
    expect(await holders('a', 'b', 'c')).toEqual([null, null, null]);
    for (const key of ['a', 'b', 'c'])
      expect((await world.acquire(key)).fencingToken).toBeGreaterThan(lock.fencingToken);
  });

  it('C10: has none of them when one stays busy, and names that one', async () => {
    await occupy('b');
    const lock = watch(world.acquire(['a', 'b', 'c'], { wait: 5_000 }));
    await world.clock.advance(5_000);
    await world.clock.settle();
    expect(lock.error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', key: 'b', waitedMs: 5_000 });
    expect(await holders('a', 'b', 'c')).toEqual([null, 'foreign', null]);
    expect(world.clock.pending).toBe(0);
  });

  it('C10: has a whole lease of each, however long it waited for one, and none more with renew: false', async () => {
    await occupy('b', 10_000);
    const lock = watch(world.acquire(['a', 'b'], { ttl: TTL, renew: false, wait: 20_000 }));
    await world.clock.advance(9_000);
    // Where it has to hold it.
    expect((await holders('a'))[0] === null).toBe(isOneServer);
    await world.clock.advance(1_200 + 1_200);
    expect(lock.value?.isHeld).toBe(true);
    expect(lock.value?.expiresAt).toBeGreaterThan(world.clock.epoch());
    await world.clock.advance(TTL);
    expect(lock.value?.isHeld).toBe(false);
  });

  it('C10: gets them also when one is taken while it waits for another', async () => {
    await occupy('b', 2_000);
    const lock = watch(world.acquire(['a', 'b'], { ttl: TTL }));
    await world.clock.advance(100);
    await world.store.inner.forceRelease('a');
    await occupy('a', 1_500);
    await world.clock.advance(6_000);
    expect(lock.value?.isHeld).toBe(true);
    expect(await holders('a', 'b')).not.toContain('foreign');
  });

  it.each([
    ['silent', silence],
    ['down', () => Promise.reject(broken({ applied: 'unknown' }))],
  ])('C5: leaves nothing when the store is %s in the middle', async (_, rule) => {
    world.store.answer('acquire', (call, run) => (call.key === 'b' ? rule() : run()));
    world.store.answer('acquireAll', (_call, run) => run().then(rule));
    const error = rejection(world.acquire(['a', 'b'], { wait: 0 }));
    await world.clock.advance(10_000);
    expect(await error).toMatchObject({ code: 'LOCK_BACKEND' });
    expect(await holders('a', 'b')).toEqual([null, null]);
    expect(world.clock.pending).toBe(0);
  });

  it('C5: leaves nothing when the waiting is aborted', async () => {
    await occupy('b');
    const abort = new AbortController();
    const lock = watch(world.acquire(['a', 'b'], { signal: abort.signal }));
    await world.clock.advance(200);
    abort.abort(new Error('enough'));
    await world.clock.settle();
    expect(lock.error).toEqual(new Error('enough'));
    await world.clock.settle();
    expect(await holders('a')).toEqual([null]);
    expect(world.clock.pending).toBe(0);
  });

  it('W4: keeps to its budget when the store falls silent in the very end', async () => {
    // Of a Cluster all keys are acquired; what is left to do is to lift the tokens of the first ones.
    world.store.answer('raiseFence', silence);
    world.store.answer('acquireAll', (_call, run) => run().then(silence));
    const lock = watch(world.acquire(['a', 'b'], { wait: 300 }));
    await world.clock.advance(300);
    await world.clock.settle();
    expect(lock.error).toMatchObject({ code: 'LOCK_BACKEND' });
    await world.clock.advance(3_000);
    expect(await holders('a', 'b')).toEqual([null, null]);
  });

  it.each([
    ['W5: its budget', { wait: 500 }, (): void => undefined, 'LOCK_NOT_ACQUIRED'],
    ['W6: its signal', { wait: 60_000 }, (abort: AbortController) => abort.abort(new Error('enough')), undefined],
  ])(
    '%s ends the waiting at once, though the store is too slow to give the others back',
    async (_, terms, end, code) => {
      await occupy('b');
      const abort = new AbortController();
      const lock = watch(world.acquire(['a', 'b'], { ...terms, signal: abort.signal }));
      await world.clock.advance(499);
      world.store.answer('release', silence);
      end(abort);
      await world.clock.advance(1);
      await world.clock.settle();
      expect(lock.state).toBe('rejected');
      expect(lock.error.code).toBe(code);
      world.store.answer('release');
      await world.clock.advance(3_000);
      expect(await holders('a')).toEqual([null]);
    },
  );

  it('C2a: is lost as a whole when one of them is', async () => {
    const lock = await world.acquire(['a', 'b', 'c'], { ttl: TTL });
    await world.store.inner.forceRelease('b');
    await world.clock.advance(TTL / 3);
    expect(lock.isHeld).toBe(false);
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
    expect(world.losses).toHaveLength(1);
    expect(await lock.release()).toBe('expired');
    expect(await holders('a', 'b', 'c')).toEqual([null, null, null]);
  });

  it('C4a: a thief on one of them keeps his, and the others are given back', async () => {
    const lock = await world.acquire(['a', 'b', 'c'], { ttl: TTL });
    await world.store.inner.forceRelease('b');
    await occupy('b');
    expect(await lock.release()).toBe('stolen');
    expect(await holders('a', 'b', 'c')).toEqual([null, 'foreign', null]);
    const other = await world.acquire(['a', 'c']);
    await world.store.inner.forceRelease('a');
    await occupy('a');
    await world.clock.advance(30_000);
    expect(other.isHeld).toBe(false);
    expect(await other.release()).toBe('stolen');
    expect(await holders('a', 'c')).toEqual(['foreign', null]);
  });

  it('extends all of them', async () => {
    const lock = await world.acquire(['a', 'b'], { ttl: TTL, renew: false });
    await lock.extend(60_000);
    await world.clock.advance(50_000);
    expect(lock.isHeld).toBe(true);
    expect(await holders('a', 'b')).not.toContain(null);
  });

  it('C10: callers with overlapping keys all get in, one at a time', async () => {
    let inside = 0;
    const keys: [string, string][] = Array.from(
      { length: 60 },
      (_, turn) => ['a', 'b', 'c', 'd'].filter((_, index) => index !== turn % 4).slice(0, 2) as [string, string],
    );
    const turns = keys.map(async (pair) => {
      const lock = await world.acquire(pair);
      const overlaps = pair.includes('b');
      if (overlaps) expect((inside += 1)).toBe(1);
      await world.clock.settle();
      if (overlaps) inside -= 1;
      await lock.release();
    });
    await Promise.all(turns);
    expect(await holders('a', 'b', 'c', 'd')).toEqual([null, null, null, null]);
  });
});
