import { beforeEach, describe, expect, it } from '@jest/globals';
import { testEngine, type TestEngine } from '../../support/test-engine.js';
import { broken, silence } from '../../support/tapped-store.js';
import { rejection, watch } from '../../support/watch.js';

const TTL = 3_000;

describe('several keys that are taken at once', () => {
  let world: TestEngine;

  const occupy = (key: string, ttl = 60_000) => world.store.inner.acquire({ key, value: 'foreign', ttl, tokens: 1 });
  const holders = async (...keys: string[]): Promise<unknown[]> =>
    Promise.all(keys.map(async (key) => (await world.store.inner.inspect(key))?.value ?? null));
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => world.clock.setTimer(ms, resolve));
  const time = async (ms: number): Promise<void> => {
    await world.clock.advance(ms);
    await world.clock.settle();
  };

  /** Callers who take one key over and over; returns the longest time for which none of them had it. */
  const crowd = (
    key: string,
    { callers, holds, until }: { callers: number; holds: number; until: () => boolean },
  ): { readonly longestGap: () => number } => {
    let [longest, lastSeen] = [0, world.clock.now()];
    const caller = async (): Promise<void> => {
      while (!until()) {
        const lock = await world.acquire(key, { wait: Infinity });
        longest = Math.max(longest, world.clock.now() - lastSeen);
        await sleep(holds);
        lastSeen = world.clock.now();
        await lock.release();
      }
    };
    for (let index = 0; index < callers; index += 1) void caller();
    return { longestGap: () => longest };
  };

  beforeEach(() => {
    world = testEngine();
  });

  it('C10: a try is one command that leaves the free ones alone, and names the busy one', async () => {
    await occupy('b', 5_000);
    expect(await rejection(world.acquire(['a', 'b', 'c'], { wait: 0 }))).toMatchObject({
      code: 'LOCK_NOT_ACQUIRED',
      key: 'b',
      waitedMs: 0,
    });
    expect(world.store.calls.map(({ method, key }) => `${method} ${key}`)).toEqual(['acquireAll a,b,c']);
    expect(world.clock.pending).toBe(0);
  });

  it('a try that meets data of another type is told so, and those who wait for the other keys are not', async () => {
    await occupy('a');
    const waiting = watch(world.acquire('a', { wait: 5_000 }));
    await time(10);
    await world.store.inner.forceRelease('a');
    world.store.answer('acquireAll', () =>
      Promise.resolve({ status: 'elsewhere', key: 'b', why: broken({ transient: false }) }),
    );
    expect(await rejection(world.acquire(['a0', 'b'], { wait: 0 }))).toMatchObject({ code: 'LOCK_BACKEND', key: 'b' });
    await time(2_000);
    expect(waiting.value?.isHeld).toBe(true);
  });

  it('C10: holds none while it waits for another, and has all as soon as that is free', async () => {
    const b = await world.acquire('b');
    const set = watch(world.acquire(['a', 'b']));
    for (let times = 0; times < 50; times += 1) {
      await time(20);
      await (await world.acquire('a', { wait: 0 })).release();
    }
    expect(set.state).toBe('pending');
    await b.release();
    await time(0);
    expect(set.value?.keys).toEqual(['a', 'b']);
  });

  it('those who wait for one of them in this process have it when the set is released', async () => {
    const set = await world.acquire(['a', 'b']);
    const waiting = ['a', 'b'].map((key) => watch(world.acquire(key)));
    const another = watch(world.acquire(['b', 'c']));
    await time(1_000);
    expect(waiting.map(({ state }) => state)).toEqual(['pending', 'pending']);
    await set.release();
    await time(0);
    expect(waiting.map(({ value }) => value?.isHeld)).toEqual([true, true]);
    await waiting[1]?.value?.release();
    await time(0);
    expect(another.value?.isHeld).toBe(true);
  });

  it('whose turn is of no use to the set has it: the next who waits for that key', async () => {
    const [a, b] = [await world.acquire('a'), await world.acquire('b')];
    const set = watch(world.acquire(['a', 'b']));
    const next = watch(world.acquire('a'));
    await time(10);
    await a.release();
    await time(0);
    expect(next.value?.isHeld).toBe(true);
    await next.value?.release();
    await b.release();
    await time(0);
    expect(set.value?.isHeld).toBe(true);
  });

  it.each([
    ['for short', 10, 10, 1_500],
    ['one of them for long', 10, 1_000, 25_000],
  ])('W7: does not starve beside crowds that hold each of them %s', async (_, holdsA, holdsB, limit) => {
    let isOver = false;
    const until = (): boolean => isOver;
    const a = crowd('a', { callers: 3, holds: holdsA, until });
    crowd('b', { callers: 3, holds: holdsB, until });
    await time(50);
    const set = watch(world.acquire(['a', 'b'], { wait: Infinity }));
    await time(limit);
    expect(set.state).toBe('fulfilled');
    // Nobody is kept from a free key for longer than some turns of the other one.
    expect(a.longestGap()).toBeLessThan(100 + 3 * holdsB);
    isOver = true;
    await set.value?.release();
    await time(10_000);
    expect(world.clock.pending).toBe(0);
  });

  it('after turns in vain it holds a free one while it waits for another, for a limited time', async () => {
    let [a, b] = [await world.acquire('a'), await world.acquire('b')];
    const set = watch(world.acquire(['a', 'b'], { wait: Infinity }));
    const isFree = async (key: string): Promise<boolean> => {
      const lock = await world.acquire(key, { wait: 0 }).catch(() => undefined);
      await lock?.release();
      return lock !== undefined;
    };
    const passOn = async (lock: typeof a): Promise<typeof a> => {
      const again = world.acquire(lock.key);
      await time(10);
      await lock.release();
      await time(10);
      return again;
    };
    await time(10);
    for (let times = 0; times < 2; times += 1) {
      a = await passOn(a);
      b = await passOn(b);
    }
    a = await passOn(a);
    await time(10);
    expect([await isFree('a'), await isFree('b'), set.state]).toEqual([false, false, 'pending']);
    await a.release();
    await time(50);
    expect(await isFree('a')).toBe(false);
    await time(60);
    expect(await isFree('a')).toBe(true);
    await b.release();
    await time(0);
    expect(set.value?.isHeld).toBe(true);
  });

  it('W7: two sets of other keys each do not starve beside crowds, nor wait for each other', async () => {
    let isOver = false;
    for (const key of ['a', 'b', 'c']) crowd(key, { callers: 2, holds: 10, until: () => isOver });
    await time(50);
    const sets = [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'c'],
    ] as const;
    const served = sets.map((keys) =>
      watch(
        world.acquire(keys, { wait: Infinity }).then(async (lock) => {
          await sleep(10);
          return lock.release();
        }),
      ),
    );
    await time(10_000);
    expect(served.map(({ value }) => value)).toEqual(['released', 'released', 'released']);
    isOver = true;
  });

  it('W1: who comes from another key stands before those who came later', async () => {
    const [a, b] = [await world.acquire('a'), await world.acquire('b')];
    const order: string[] = [];
    const join = (name: string, keys: readonly [string, ...string[]]): void =>
      void world.acquire(keys, { wait: Infinity }).then(async (lock) => {
        order.push(name);
        await sleep(10);
        await lock.release();
      });
    join('set', ['a', 'b']);
    await time(10);
    for (const name of ['first', 'second', 'third']) join(name, ['b']);
    await time(10);
    await a.release();
    await time(10);
    await b.release();
    await time(200);
    expect(order).toEqual(['first', 'set', 'second', 'third']);
  });

  it('W5: whose time ends on its way to the key that is busy is told so, not that Redis is broken', async () => {
    await occupy('b');
    world.store.answer('acquireAll', async (_, run) => {
      await sleep(60);
      return run();
    });
    const set = watch(world.acquire(['a', 'b'], { wait: 100 }));
    await time(100);
    expect(set.error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', key: 'b', waitedMs: 100 });
  });

  it('a try for one key that comes while the set is taken is refused by the same answer', async () => {
    world.store.answer('acquireAll', async (_, run) => {
      await sleep(20);
      return run();
    });
    const set = watch(world.acquire(['a', 'b']));
    const single = watch(world.acquire('a', { wait: 0 }));
    await time(20);
    expect(set.value?.isHeld).toBe(true);
    expect(single.error).toMatchObject({ code: 'LOCK_NOT_ACQUIRED', key: 'a' });
    expect(world.store.of('acquire')).toEqual([]);
  });

  it('C10 O2: a shut-down waits for who holds several, and then takes them away', async () => {
    const lock = await world.acquire(['a', 'b']);
    const waiting = watch(world.acquire(['b', 'c']));
    await time(10);
    const closed = watch(world.engine.close(1_000));
    await time(999);
    expect(waiting.error).toMatchObject({ code: 'LOCK_CLOSED' });
    expect(closed.state).toBe('pending');
    expect(lock.isHeld).toBe(true);
    await time(1);
    expect(closed.state).toBe('fulfilled');
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'shutdown' });
    expect(await holders('a', 'b', 'c')).toEqual([null, null, null]);
  });

  it('C10 O2: a shut-down ends as soon as they are released', async () => {
    const lock = await world.acquire(['a', 'b']);
    const closed = watch(world.engine.close(1_000));
    await time(10);
    await lock.release();
    await time(0);
    expect(closed.state).toBe('fulfilled');
  });

  it('forceRelease of one tells the holder at once', async () => {
    const lock = await world.acquire(['a', 'b']);
    expect(await world.engine.forceRelease('b')).toBe(true);
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'forced' });
    await lock.release();
    expect(await holders('a', 'b')).toEqual([null, null]);
  });

  it('counts as one of those who wait for the key that is busy', async () => {
    world = testEngine({ maxWaiters: 1 });
    await occupy('b');
    void watch(world.acquire(['a', 'b']));
    await time(100);
    expect(await rejection(world.acquire('b'))).toMatchObject({ code: 'LOCK_QUEUE_FULL', key: 'b' });
    expect((await world.acquire('a')).isHeld).toBe(true);
  });

  it('C5: leaves none when it is aborted while Redis takes them', async () => {
    world.store.answer('acquireAll', async (_, run) => {
      await sleep(100);
      return run();
    });
    const abort = new AbortController();
    const lock = watch(world.acquire(['a', 'b'], { signal: abort.signal }));
    await time(50);
    abort.abort(new Error('enough'));
    await time(0);
    expect(lock.error).toEqual(new Error('enough'));
    await time(100);
    expect(await holders('a', 'b')).toEqual([null, null]);
  });

  it('C5: looks for each value again when the command was sent twice and may come once more', async () => {
    world.store.answer('acquireAll', async (_, run) => ({ ...(await run()), isResent: true }));
    const lock = await world.acquire(['a', 'b'], { ttl: TTL });
    const [value] = await holders('a');
    await lock.release();
    for (const key of ['a', 'b'])
      await world.store.inner.acquire({ key, value: String(value), ttl: 60_000, tokens: 1 });
    await time(1_000);
    expect(await holders('a', 'b')).toEqual([null, null]);
  });

  it('C1: the answer to a try that was given up takes nothing from the caller that has the keys by another', async () => {
    let answerLate!: () => void;
    world.store.answer('acquireAll', () => new Promise((_, reject) => (answerLate = () => reject(broken()))));
    const set = watch(world.acquire(['a', 'b'], { ttl: 60_000, wait: 30_000, backendWait: 30_000 }));
    await time(10);
    world.store.answer('acquireAll');
    await time(10_000);
    expect(set.value?.isHeld).toBe(true);
    answerLate();
    await time(5_000);
    expect(await holders('a', 'b')).not.toContain(null);
    expect(set.value?.isHeld).toBe(true);
  });

  it('C1: a reply that takes longer than the lease lasts lets nobody in', async () => {
    world.store.answer('acquireAll', async (_, run) => {
      const outcome = await run();
      await sleep(150);
      return outcome;
    });
    const lock = watch(world.acquire(['a', 'b'], { ttl: 100, wait: 0 }));
    await time(200);
    expect(lock.error).toMatchObject({ code: 'LOCK_BACKEND' });
    expect(await holders('a', 'b')).toEqual([null, null]);
  });

  it('has another value in each queue: what one try left behind is swept, not what the next one took', async () => {
    await occupy('b', 1_000);
    let tries = 0;
    world.store.answer('acquireAll', (call, run) => {
      if (call.key === 'a,b' && (tries += 1) === 1) return silence();
      return run();
    });
    const lock = watch(world.acquire(['a', 'b'], { wait: Infinity, backendWait: Infinity }));
    await time(8_000);
    expect(lock.value?.isHeld).toBe(true);
    await time(8_000);
    expect(lock.value?.isHeld).toBe(true);
    expect(await holders('a', 'b')).not.toContain(null);
  });
});
