import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LockHandle } from '../../../lib/engine/lock/lock-handle.js';
import type { AcquireTerms } from '../../../lib/engine/lock-engine.js';
import { deferred } from '../../support/deferred.js';
import { testEngine, type TestEngine } from '../../support/test-engine.js';
import { rejection, watch } from '../../support/watch.js';

describe('a nested acquire', () => {
  let world: TestEngine;

  async function holding<T>(
    key: string | readonly [string, ...string[]],
    body: (lock: LockHandle) => Promise<T> | T,
    terms: Partial<AcquireTerms> = {},
  ): Promise<T> {
    const lock = await world.acquire(key, terms);
    return world.engine.hold(lock, () => body(lock));
  }
  const isFree = async (key = 'a'): Promise<boolean> => (await world.store.inner.inspect(key)) === null;

  beforeEach(() => {
    world = testEngine();
  });

  describe("with reentry: 'fail'", () => {
    it('C9: of a key that is held here is refused at once, without a command', async () => {
      await holding('a', async () => {
        world.store.calls.length = 0;
        expect(await rejection(holding('a', () => undefined))).toMatchObject({ code: 'LOCK_REENTRY', key: 'a' });
        expect(await rejection(world.acquire('a', { wait: 0 }))).toMatchObject({ code: 'LOCK_REENTRY' });
        expect(world.store.calls).toEqual([]);
      });
    });

    it('C9: of several keys of which one is held names that one', async () => {
      await holding('b', async () => {
        expect(await rejection(world.acquire(['a', 'b']))).toMatchObject({ code: 'LOCK_REENTRY', key: 'b' });
      });
      expect(await isFree('a')).toBe(true);
    });

    it('C9: sees through locks in between and through any number of awaits', async () => {
      await holding('a', () =>
        holding('b', async () => {
          await Promise.resolve();
          await new Promise((resolve) => setImmediate(resolve));
          expect(await rejection(world.acquire('a'))).toMatchObject({ code: 'LOCK_REENTRY' });
        }),
      );
    });

    it('C8: of another key, or of the same key of another service, is no matter', async () => {
      const other = testEngine({ clock: world.clock });
      await holding('a', async () => {
        await (await world.acquire('b')).release();
        await (await other.acquire('a')).release();
      });
    });

    it('C9: after the release, or the loss, is an ordinary one', async () => {
      await holding('a', async (lock) => {
        await lock.release();
        await (await world.acquire('a')).release();
      });
      await holding('a', async () => {
        await world.engine.forceRelease('a');
        await (await world.acquire('a')).release();
      });
    });

    it('C8: of siblings that run at the same time queues, because none is within the other', async () => {
      let inside = 0;
      const body = async (): Promise<void> => {
        inside += 1;
        expect(inside).toBe(1);
        await Promise.resolve();
        inside -= 1;
      };
      await Promise.all([holding('a', body), holding('a', body), holding('a', body)]);
      await holding('outer', () => Promise.all([holding('a', body), holding('a', body)]));
    });
  });

  describe("with reentry: 'share'", () => {
    const share = { reentry: 'share' } as const;

    it('C9: is the same lock, and the key is free after the last release', async () => {
      await holding('a', async (outer) => {
        world.store.calls.length = 0;
        await holding(
          'a',
          async (inner) => {
            expect(inner.fencingToken).toBe(outer.fencingToken);
            expect(inner.key).toBe('a');
          },
          share,
        );
        expect(outer.isHeld).toBe(true);
        expect(await isFree()).toBe(false);
        expect(world.store.calls).toEqual([]);
      });
      expect(await isFree()).toBe(true);
      expect(world.store.of('release')).toHaveLength(1);
    });

    it('C9: holds on when the outer one is released first', async () => {
      const go = deferred();
      let detached: Promise<void> | undefined;
      await holding('a', () => {
        detached = holding('a', () => go.promise, share);
      });
      expect(await isFree()).toBe(false);
      go.resolve();
      await detached;
      expect(await isFree()).toBe(true);
    });

    it('C9: is over for the one that released it, though another holds on', async () => {
      await holding('a', async (outer) => {
        const inner = await world.acquire('a', share);
        await inner.release();
        expect([inner.isHeld, outer.isHeld]).toEqual([false, true]);
        expect(await rejection(inner.extend())).toMatchObject({ code: 'LOCK_LOST' });
        const other = await world.acquire('a', share);
        await outer.release();
        expect([outer.isHeld, other.isHeld]).toEqual([false, true]);
        expect(await rejection(outer.extend())).toMatchObject({ code: 'LOCK_LOST' });
        expect(await other.release()).toBe('released');
        expect(await isFree()).toBe(true);
      });
    });

    it('C2a: is lost for all who hold it, and each is told', async () => {
      await holding('a', async (outer) => {
        const inner = await world.acquire('a', share);
        const signals = [outer.signal, inner.signal];
        await world.engine.forceRelease('a');
        expect(signals.map(({ reason }) => reason)).toMatchObject([{ reason: 'forced' }, { reason: 'forced' }]);
        expect([outer.isHeld, inner.isHeld]).toEqual([false, false]);
        expect(await inner.release()).toBe('expired');
        expect(world.losses).toHaveLength(1);
      });
    });

    it('D5: a second release of the inner one is a no-op: it does not take the lock from the outer one', async () => {
      await holding('a', async (outer) => {
        const inner = await world.acquire('a', share);
        await inner.release();
        await inner.release();
        expect(outer.isHeld).toBe(true);
        expect(await isFree()).toBe(false);
      });
    });

    it('D5: an inner one that is released and disposed of does not take the lock from the outer one', async () => {
      await holding('a', async (outer) => {
        await holding('a', (inner) => inner.release(), share);
        expect(outer.isHeld).toBe(true);
        expect(await isFree()).toBe(false);
      });
    });

    it('C9: of a part of several keys is the same lock; of more than is held it is refused', async () => {
      await holding(['a', 'b'], async (outer) => {
        const inner = await world.acquire('b', share);
        expect(inner.fencingToken).toBe(outer.fencingToken);
        await inner.release();
        expect(await rejection(world.acquire(['b', 'c'], share))).toMatchObject({ code: 'LOCK_REENTRY', key: 'b' });
      });
    });

    it('C9: is not open to siblings', async () => {
      const go = deferred();
      const first = holding('a', () => go.promise, share);
      const second = watch(holding('a', () => 'in', share));
      await world.clock.settle();
      expect(second.state).toBe('pending');
      go.resolve();
      await first;
      await world.clock.settle();
      expect(second.value).toBe('in');
    });

    it('C9: is not open to work that is left behind when the lock was released', async () => {
      const go = deferred();
      let left: Promise<number> | undefined;
      const outer = await holding('a', (lock) => {
        left = go.promise.then(() => holding('a', ({ fencingToken }) => fencingToken, share));
        return lock.fencingToken;
      });
      const stranger = await world.acquire('a');
      go.resolve();
      await world.clock.settle();
      await stranger.release();
      expect(await left).toBeGreaterThan(stranger.fencingToken);
      expect(stranger.fencingToken).toBeGreaterThan(outer);
    });
  });

  it("C9: with reentry: 'wait' queues like anyone else", async () => {
    let nested: Promise<string> | undefined;
    await holding('a', async () => {
      nested = holding('a', () => 'in', { reentry: 'wait' });
      await world.clock.settle();
      expect(watch(nested).state).toBe('pending');
    });
    expect(await nested).toBe('in');
  });

  describe('current()', () => {
    it('is the lock of this context, by key or the innermost', async () => {
      expect(world.engine.current()).toBeUndefined();
      await holding('a', (outer) =>
        holding('b', async (inner) => {
          await Promise.resolve();
          expect(world.engine.current()).toBe(inner);
          expect(world.engine.current('b')).toBe(inner);
          expect(world.engine.current('a')).toBe(outer);
          expect(world.engine.current('c')).toBeUndefined();
        }),
      );
      expect(world.engine.current()).toBeUndefined();
    });

    it('is nothing after the release, for another service, or for a lock that was only acquired', async () => {
      const other = testEngine();
      await holding('a', async (lock) => {
        await lock.release();
        expect(world.engine.current()).toBeUndefined();
        await world.acquire('b');
        expect(world.engine.current()).toBeUndefined();
        expect(other.engine.current()).toBeUndefined();
      });
    });

    it('is a lost lock still: its holder must find out', async () => {
      await holding('a', async (lock) => {
        await world.engine.forceRelease('a');
        expect(world.engine.current('a')).toBe(lock);
      });
    });
  });
});
