import { beforeEach, describe, expect, it } from '@jest/globals';
import { OwnerTokens, parseOwner } from '../../../lib/engine/lease/owner-token.js';
import { testEngine, type TestEngine } from '../../support/test-engine.js';
import { broken, silence } from '../../support/tapped-store.js';
import { rejection, watch } from '../../support/watch.js';

const TTL = 3_000;

describe('LockEngine', () => {
  let world: TestEngine;

  beforeEach(() => {
    world = testEngine();
  });

  describe('forceRelease()', () => {
    it('D6: tells a holder of this process at once, and lets the next one in', async () => {
      const lock = await world.acquire('a');
      const next = watch(world.acquire('a'));
      expect(await world.engine.forceRelease('a')).toBe(true);
      expect(lock.signal.reason).toMatchObject({ reason: 'forced' });
      await world.clock.settle();
      expect(next.value?.isHeld).toBe(true);
    });

    it('D6: does not touch whoever got in after it', async () => {
      const lock = await world.acquire('a', { ttl: TTL });
      const next = watch(world.acquire('a', { ttl: 2 * TTL }));
      // The reply is slow; meanwhile the holder releases and the next one gets in, with a lease of its own.
      world.store.answer('forceRelease', async (_, run) => {
        const wasHeld = await run();
        return new Promise((resolve) => world.clock.setTimer(100, () => resolve(wasHeld)));
      });
      const forced = world.engine.forceRelease('a');
      await world.clock.settle();
      await lock.release();
      await world.clock.advance(200);
      expect(await forced).toBe(true);
      expect(next.value?.isHeld).toBe(true);
      expect(next.value?.signal.aborted).toBe(false);
    });

    it.each(['forceRelease', 'inspect'] as const)(
      'D1: %s of a store that is broken or silent rejects within a second',
      async (method) => {
        world.store.answer(method, () => Promise.reject(broken({ cause: new Error('down') })));
        expect(await rejection(world.engine[method]('a'))).toMatchObject({
          code: 'LOCK_BACKEND',
          key: 'a',
          cause: new Error('down'),
        });
        world.store.answer(method, silence);
        const asked = watch<unknown>(world.engine[method]('a'));
        await world.clock.advance(1_000);
        expect(asked.error).toMatchObject({ code: 'LOCK_BACKEND' });
      },
    );
  });

  it('D6: inspect() shows the owner, the lease, the metadata and who waits here', async () => {
    expect(await world.engine.inspect('a')).toBeNull();
    await world.acquire('a', { ttl: TTL, metadata: 'import of 7 o’clock' });
    for (let times = 0; times < 3; times += 1) void world.acquire('a');
    expect(await world.engine.inspect('a')).toEqual({
      key: 'a',
      ttl: TTL,
      owner: expect.stringMatching(new RegExp(`^[\\w.-]+:${process.pid}:[a-z0-9]+#[a-z0-9]+$`)),
      metadata: 'import of 7 o’clock',
      waiting: 3,
      waitingProcesses: 0,
    });
    await world.store.inner.acquire({ key: 'b', value: 'some other program', ttl: TTL, tokens: 1 });
    expect(await world.engine.inspect('b')).toMatchObject({
      owner: 'some other program',
      metadata: undefined,
      waiting: 0,
      waitingProcesses: 0,
    });
  });

  describe('close()', () => {
    it('O2: sends waiters away at once and refuses newcomers', async () => {
      const lock = await world.acquire('a');
      const waiters = [1, 2].map(() => watch(world.acquire('a', { wait: Infinity })));
      const closed = watch(world.engine.close(60_000));
      await world.clock.settle();
      expect(waiters.map(({ error }) => error)).toMatchObject([
        { code: 'LOCK_CLOSED', key: 'a' },
        { code: 'LOCK_CLOSED', key: 'a' },
      ]);
      expect(await rejection(world.acquire('b'))).toMatchObject({ code: 'LOCK_CLOSED' });
      expect(closed.state).toBe('pending');
      await lock.release();
      await world.clock.settle();
      expect(closed.state).toBe('fulfilled');
    });

    it('O2: keeps the locks of holders alive within the grace, then takes them away', async () => {
      const lock = await world.acquire('a', { ttl: TTL });
      const { signal } = lock;
      const closed = watch(world.engine.close(10_000));
      await world.clock.advance(9_999);
      expect(lock.isHeld).toBe(true);
      expect(signal.aborted).toBe(false);
      await world.clock.advance(1);
      expect(signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'shutdown' });
      expect(await world.store.inner.inspect('a')).toBeNull();
      expect(closed.state).toBe('fulfilled');
      expect(world.clock.pending).toBe(0);
    });

    it('O2: removes what an acquire under way has taken', async () => {
      world.store.answer('acquire', async (_, run) => {
        const outcome = await run();
        return new Promise((resolve) => world.clock.setTimer(300, () => resolve(outcome)));
      });
      const waiter = watch(world.acquire('a'));
      const closed = watch(world.engine.close(10_000));
      await world.clock.advance(400);
      expect(waiter.error).toMatchObject({ code: 'LOCK_CLOSED' });
      expect(await world.store.inner.inspect('a')).toBeNull();
      expect(closed.state).toBe('fulfilled');
    });

    it.each([
      ['one key', ['a']],
      ['several keys', ['a', 'b', 'c']],
    ] as const)('O2: ends when what is under way to be given back has arrived (%s), not before', async (_, keys) => {
      const lock = await world.acquire(keys);
      world.store.answer(
        'release',
        (_call, run) => new Promise((resolve) => world.clock.setTimer(300, () => resolve(run()))),
      );
      const released = watch(lock.release());
      const closed = watch(world.engine.close(10_000));
      await world.clock.advance(299);
      expect(closed.state).toBe('pending');
      await world.clock.advance(1);
      expect([released.value, closed.state]).toEqual(['released', 'fulfilled']);
      expect(await Promise.all(keys.map((key) => world.store.inner.inspect(key)))).toEqual(keys.map(() => null));
    });

    it('O2: repeats what could not be given back before it ends', async () => {
      const lock = await world.acquire('a');
      world.store.answer('release', () => {
        world.store.answer('release');
        return Promise.reject(broken());
      });
      void rejection(lock.release());
      const closed = watch(world.engine.close(10_000));
      await world.clock.advance(100);
      expect(closed.state).toBe('fulfilled');
      expect(await world.store.inner.inspect('a')).toBeNull();
    });

    it('O2: ends when our places in queues are given back, not before', async () => {
      await world.occupy();
      const waiter = watch(world.acquire('a'));
      await world.clock.advance(100);
      world.store.answer(
        'leave',
        (_, run) => new Promise((resolve) => world.clock.setTimer(300, () => resolve(run()))),
      );
      const closed = watch(world.engine.close(10_000));
      await world.clock.advance(299);
      expect([waiter.state, closed.state]).toEqual(['rejected', 'pending']);
      await world.clock.advance(1);
      expect(closed.state).toBe('fulfilled');
    });

    it('O2: ends in bounded time when the store is silent', async () => {
      await world.acquire('a', { ttl: 60_000 });
      world.store.answer('release', silence);
      world.store.answer('renew', silence);
      const closed = watch(world.engine.close(500));
      await world.clock.advance(1_600);
      expect(closed.state).toBe('fulfilled');
    });

    it('O2: with nothing held is done at once', async () => {
      const closed = watch(world.engine.close(60_000));
      await world.clock.settle();
      expect(closed.state).toBe('fulfilled');
      expect(world.clock.pending).toBe(0);
    });
  });

  describe('hold()', () => {
    it('C4b: passes result and error on, the same instance, and releases before that', async () => {
      const result = {};
      expect(await world.engine.hold(await world.acquire('a'), () => result)).toBe(result);
      const error = new Error('of the body');
      expect(await rejection(world.engine.hold(await world.acquire('a'), () => Promise.reject(error)))).toBe(error);
      expect(
        await rejection(
          world.engine.hold(await world.acquire('a'), () => {
            throw error;
          }),
        ),
      ).toBe(error);
      expect(await world.store.inner.inspect('a')).toBeNull();
    });

    it('C4b: hides neither when the release fails, and says so elsewhere', async () => {
      world.store.answer('release', () => Promise.reject(broken()));
      const error = new Error('of the body');
      expect(await world.engine.hold(await world.acquire('a'), () => 'result')).toBe('result');
      expect(await rejection(world.engine.hold(await world.acquire('b'), () => Promise.reject(error)))).toBe(error);
      expect(world.unconfirmed).toHaveLength(2);
    });
  });
});

describe('owner tokens', () => {
  it('O4: are readable, and never the same', () => {
    const one = new OwnerTokens();
    const other = new OwnerTokens();
    const values = Array.from({ length: 1_000 }, () => [one.next(undefined), other.next(undefined)]).flat();
    expect(new Set(values).size).toBe(2_000);
    expect(values[0]).toMatch(new RegExp(`^[A-Za-z0-9._-]+:${process.pid}:[a-z0-9]+#1$`));
  });

  it.each([undefined, '', 'text', 'text with spaces ', 'host:1:a:b', '日本'])(
    'O4: give the metadata %p back',
    (metadata) => {
      const value = new OwnerTokens().next(metadata);
      expect(parseOwner(value)).toEqual({ owner: value.split(' ')[0], metadata });
    },
  );

  it.each(['plain', 'a:b', 'host:pid:instance:1', ' ', '', 'with space', '{"json":1}'])(
    'O4: the value %p of another program is its owner as a whole',
    (value) => {
      expect(parseOwner(value)).toEqual({ owner: value, metadata: undefined });
    },
  );
});
