import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TestEngine } from '../../../support/test-engine.js';
import { testEngine } from '../../../support/test-engine.js';
import { broken, silence } from '../../../support/tapped-store.js';
import { rejection, watch } from '../../../support/watch.js';

describe('the callers of one process that want one key', () => {
  let world: TestEngine;

  const waiting = async (): Promise<number> => (await world.engine.inspect('a'))?.waiting ?? 0;

  beforeEach(() => {
    world = testEngine();
  });

  it('W7: get in one after the other, in the order in which they came', async () => {
    const order: number[] = [];
    let inside = 0;
    const turns = Array.from({ length: 50 }, async (_, turn) => {
      const lock = await world.acquire('a');
      inside += 1;
      expect(inside).toBe(1);
      order.push(turn);
      await Promise.resolve();
      inside -= 1;
      await lock.release();
    });
    await Promise.all(turns);
    expect(order).toEqual(Array.from({ length: 50 }, (_, turn) => turn));
  });

  it('C8: each have an owner token and a fencing token of their own, the latter increasing', async () => {
    const tokens: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const lock = await world.acquire('a');
      tokens.push(lock.fencingToken);
      await lock.release();
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((one, other) => one - other));
    expect(new Set(world.store.of('acquire').map(({ value }) => value)).size).toBe(20);
  });

  it('W2a: send one contender for all, and one command for each turn', async () => {
    await world.occupy();
    const crowd = Array.from({ length: 1_000 }, () => watch(world.acquire('a', { wait: Infinity })));
    await world.clock.settle();
    expect(world.store.of('acquire')).toHaveLength(1);
    await world.clock.advance(10_000);
    expect(world.store.of('acquire').length).toBeLessThan(20);
    expect(crowd.every(({ state }) => state === 'pending')).toBe(true);
    expect(await waiting()).toBe(1_000);
  });

  it('a hand-over within the process needs no rest', async () => {
    const first = await world.acquire('a');
    const second = watch(world.acquire('a'));
    await world.clock.advance(1_000);
    expect(second.state).toBe('pending');
    const begin = world.clock.now();
    await first.release();
    await world.clock.settle();
    expect(second.state).toBe('fulfilled');
    expect(world.clock.now()).toBe(begin);
  });

  it('are forgotten when the last of them is gone, however that came', async () => {
    const lock = await world.acquire('a');
    const impatient = rejection(world.acquire('a', { wait: 50 }));
    const abort = new AbortController();
    const aborted = rejection(world.acquire('a', { signal: abort.signal }));
    await world.clock.advance(100);
    abort.abort(new Error('enough'));
    await Promise.all([impatient, aborted]);
    await lock.release();
    await rejection(world.acquire('b', { signal: AbortSignal.abort(new Error('never')) }));
    await world.clock.settle();
    // A closing engine waits for whoever is left.
    const closed = watch(world.engine.close(1_000_000));
    await world.clock.settle();
    expect(closed.state).toBe('fulfilled');
    expect(world.clock.pending).toBe(0);
  });

  describe('trying once', () => {
    it('D4: gives up at once when the key is busy, and says until when', async () => {
      await world.occupy('a', 5_000);
      const error = await rejection(world.acquire('a', { wait: 0 }));
      expect(error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', key: 'a', waitedMs: 0 });
      expect(error.message).toContain('ends in 5000 ms');
      expect(error.retryAfterMs).toBeUndefined();
      expect(world.store.of('acquire')).toHaveLength(1);
      await world.clock.settle();
      expect(world.clock.pending).toBe(0);
    });

    it('asks nobody when a caller of this process holds the key, or waits for it', async () => {
      const lock = await world.acquire('a');
      expect(await rejection(world.acquire('a', { wait: 0 }))).toMatchObject({
        code: 'LOCK_NOT_ACQUIRED',
        retryAfterMs: undefined,
      });
      await lock.release();
      await world.occupy();
      void world.acquire('a').catch(() => undefined);
      await world.clock.settle();
      expect(await rejection(world.acquire('a', { wait: 0 }))).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
      expect(world.store.of('acquire')).toHaveLength(2);
    });

    it('D4: of those who try at the same time one gets in, and the others are told that it is busy', async () => {
      const tries = [1, 2, 3].map(() => watch(world.acquire('a', { wait: 0 })));
      await world.clock.settle();
      expect(tries.map(({ state, error }) => error?.code ?? state)).toEqual([
        'fulfilled',
        'LOCK_NOT_ACQUIRED',
        'LOCK_NOT_ACQUIRED',
      ]);
      expect(world.store.of('acquire')).toHaveLength(1);
      await tries[0]?.value?.release();
      expect(world.clock.pending).toBe(0);
    });

    it('D1: is told the same as others who try at the same time', async () => {
      const codes = async (): Promise<unknown[]> => {
        const tries = [1, 2].map(() => watch(world.acquire('a', { wait: 0 })));
        await world.clock.advance(1_000);
        return tries.map(({ error }) => error?.code);
      };
      world.store.answer('acquire', silence);
      expect(await codes()).toEqual(['LOCK_BACKEND', 'LOCK_BACKEND']);
      world.store.answer('acquire', () => Promise.reject(broken()));
      expect(await codes()).toEqual(['LOCK_BACKEND', 'LOCK_BACKEND']);
      world.store.answer('acquire');
      await world.occupy();
      expect(await codes()).toEqual(['LOCK_NOT_ACQUIRED', 'LOCK_NOT_ACQUIRED']);
      // What the silent store may have got is looked for some more times.
      await world.clock.advance(6_000);
      expect(world.clock.pending).toBe(0);
    });

    it('D1: is told of a broken store, never that the key is busy', async () => {
      world.store.answer('acquire', () => Promise.reject(broken({ cause: new Error('down') })));
      const error = await rejection(world.acquire('a', { wait: 0 }));
      expect(error).toMatchObject({ code: 'LOCK_BACKEND', key: 'a', cause: new Error('down') });
    });

    it('D1: is told of a silent store within a second, also when others asked before', async () => {
      world.store.answer('acquire', silence);
      const first = watch(world.acquire('a', { wait: 100 }));
      await world.clock.advance(500);
      expect(first.error).toMatchObject({ code: 'LOCK_BACKEND' });
      // Nobody holds the key, nobody stands in front: there is nothing to be busy.
      const second = watch(world.acquire('a', { wait: 0 }));
      await world.clock.advance(1_000);
      expect(second.error).toMatchObject({ code: 'LOCK_BACKEND' });
    });
  });

  describe('maxWaiters', () => {
    it('refuses those beyond it at once, while this process holds the key', async () => {
      world = testEngine({ maxWaiters: 2 });
      const lock = await world.acquire('a');
      const crowd = [1, 2, 3].map(() => watch(world.acquire('a')));
      await world.clock.settle();
      expect(crowd.map(({ state }) => state)).toEqual(['pending', 'pending', 'rejected']);
      expect(crowd[2]?.error).toMatchObject({ code: 'LOCK_QUEUE_FULL', key: 'a' });
      await lock.release();
      await world.clock.settle();
      expect(crowd.map(({ state }) => state)).toEqual(['fulfilled', 'pending', 'rejected']);
    });

    it('counts everyone who waits, also while another process holds the key', async () => {
      world = testEngine({ maxWaiters: 2 });
      await world.occupy();
      const head = watch(world.acquire('a'));
      await world.clock.settle();
      const crowd = [head, ...[1, 2, 3].map(() => watch(world.acquire('a')))];
      await world.clock.settle();
      expect(await waiting()).toBe(2);
      expect(crowd.map(({ state }) => state)).toEqual(['pending', 'pending', 'rejected', 'rejected']);
    });

    it('0 lets a caller in where nobody is', async () => {
      world = testEngine({ maxWaiters: 0 });
      const lock = await world.acquire('a');
      expect(await rejection(world.acquire('a'))).toMatchObject({ code: 'LOCK_QUEUE_FULL' });
      await lock.release();
      await (await world.acquire('a')).release();
    });

    it('does not hinder those who try once', async () => {
      world = testEngine({ maxWaiters: 0 });
      await world.acquire('a');
      expect(await rejection(world.acquire('a', { wait: 0 }))).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
    });
  });

  it('a key is no obstacle for another', async () => {
    await world.acquire('a');
    await world.occupy('b');
    void world.acquire('b').catch(() => undefined);
    expect(await (await world.acquire('c')).release()).toBe('released');
  });
});
