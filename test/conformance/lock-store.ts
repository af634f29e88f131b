import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LockStore } from '../../lib/engine/lock-store.interface.js';
import { uniqueKey } from '../support/unique-key.js';

const TTL = 10_000;

export interface StoreUnderTest {
  readonly store: LockStore;
  /** Ends the lease of a key as if its time had passed. */
  expire(key: string): Promise<void>;
  /** Leaves less than half of `TTL` of the lease of a key. */
  age(key: string): Promise<void>;
  close(): Promise<void>;
}

/** What every store keeps to, whatever it is made of. */
export function describeLockStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let subject: StoreUnderTest;
    let store: LockStore;
    let key: string;

    const acquire = (value: string, of = key) => store.acquire({ key: of, value, ttl: TTL, tokens: 1 });
    const token = async (value: string, of = key): Promise<number> => {
      const outcome = await acquire(value, of);
      if (outcome.status !== 'acquired') throw new Error(`The key is busy for ${value}.`);
      return outcome.fencingToken;
    };
    const remaining = async (): Promise<number> => (await store.inspect(key))?.ttl ?? NaN;

    beforeAll(async () => {
      subject = await open();
      store = subject.store;
      store.open();
    });
    afterAll(() => subject.close());
    beforeEach(() => {
      key = uniqueKey();
    });

    describe('acquire', () => {
      it('takes a free key for its ttl', async () => {
        expect(await acquire('a')).toMatchObject({ status: 'acquired', fencingToken: expect.any(Number) });
        expect(await store.inspect(key)).toEqual({ value: 'a', ttl: expect.any(Number), processes: 0 });
        expect(await remaining()).toBeGreaterThan(TTL - 2_000);
        expect(await remaining()).toBeLessThanOrEqual(TTL);
      });

      it("is busy while another value is there, for as long as that one's lease lasts, and changes nothing", async () => {
        await acquire('a');
        await subject.age(key);
        const outcome = (await acquire('b')) as { status: string; remaining: number };
        expect(outcome.status).toBe('busy');
        expect(outcome.remaining).toBeGreaterThan(0);
        expect(outcome.remaining).toBeLessThan(TTL / 2);
        expect((await store.inspect(key))?.value).toBe('a');
        expect(await remaining()).toBeLessThan(TTL / 2);
      });

      it('counts its own value as acquired and starts the lease anew', async () => {
        const first = await token('a');
        await subject.age(key);
        expect(await token('a')).toBeGreaterThan(first);
        expect(await remaining()).toBeGreaterThan(TTL - 2_000);
      });

      it('takes the key again after its lease has ended', async () => {
        await acquire('a');
        await subject.expire(key);
        expect(await acquire('b')).toMatchObject({ status: 'acquired' });
      });

      it('mints tokens that increase with each acquisition: after a release, after an expiry, by force', async () => {
        const tokens = [await token('a')];
        await store.release(key, 'a', 0);
        tokens.push(await token('b'));
        await subject.expire(key);
        tokens.push(await token('c'));
        await store.forceRelease(key);
        tokens.push(await token('d'));
        expect(tokens).toEqual([...new Set(tokens)].sort((one, other) => one - other));
        expect(tokens.every(Number.isSafeInteger)).toBe(true);
      });
    });

    describe('acquireAll', () => {
      const acquireAll = (value: string, keys: readonly [string, ...string[]]) =>
        store.acquireAll({ keys, value, ttl: TTL, waits: undefined });
      const valueOf = async (of: string): Promise<string | undefined> => (await store.inspect(of))?.value;
      let keys: readonly [string, string, string];

      beforeEach(() => {
        keys = [key, `${key}-2`, `${key}-3`];
      });

      it('takes all keys for its ttl, under a token above the last of each and below the next of each', async () => {
        expect(store.takesAll(keys)).toBe(true);
        const last: number[] = [];
        for (const of of keys) {
          last.push(await token('before', of));
          await store.release(of, 'before', 0);
        }
        const outcome = (await acquireAll('a', keys)) as { status: string; fencingToken: number };
        expect(outcome.status).toBe('acquired');
        expect(outcome.fencingToken).toBeGreaterThan(Math.max(...last));
        for (const of of keys) {
          expect(await valueOf(of)).toBe('a');
          await store.release(of, 'a', 0);
          expect(await token('after', of)).toBeGreaterThan(outcome.fencingToken);
        }
      });

      it('takes none while one is busy, and tells which: the first, or another', async () => {
        await acquire('other', keys[1]);
        expect(await acquireAll('a', keys)).toMatchObject({
          status: 'elsewhere',
          key: keys[1],
          why: { status: 'busy', remaining: expect.any(Number) },
        });
        expect(await acquireAll('a', [keys[1], keys[0]])).toMatchObject({
          status: 'busy',
          remaining: expect.any(Number),
        });
        expect(await Promise.all(keys.map(valueOf))).toEqual([undefined, 'other', undefined]);
      });

      it('counts keys that hold its own value as free', async () => {
        await acquire('a', keys[2]);
        expect(await acquireAll('a', keys)).toMatchObject({ status: 'acquired' });
        expect(await acquireAll('a', keys)).toMatchObject({ status: 'acquired' });
        expect(await Promise.all(keys.map(valueOf))).toEqual(['a', 'a', 'a']);
      });

      it('takes effect after what was asked before for one of them, and before what is asked after', async () => {
        await acquire('other', keys[2]);
        const answers = await Promise.all([
          store.release(keys[2], 'other', 0),
          acquireAll('a', keys),
          store.release(keys[1], 'a', 0),
          acquire('b', keys[1]),
        ]);
        expect(answers).toMatchObject(['released', { status: 'acquired' }, 'released', { status: 'acquired' }]);
      });
    });

    describe('raiseFence', () => {
      it('lifts the next token above the floor and starts the lease anew', async () => {
        const floor = (await token('a')) + 1_000_000_000;
        await subject.age(key);
        expect(await store.raiseFence(key, 'a', TTL, floor)).toBe('renewed');
        expect(await remaining()).toBeGreaterThan(TTL - 2_000);
        await store.release(key, 'a', 0);
        expect(await token('b')).toBeGreaterThan(floor);
      });

      it('never lowers a token', async () => {
        const first = await token('a');
        expect(await store.raiseFence(key, 'a', TTL, 1)).toBe('renewed');
        await store.release(key, 'a', 0);
        expect(await token('b')).toBeGreaterThan(first);
      });

      it('does nothing for another value and for a free key', async () => {
        expect(await store.raiseFence(key, 'a', TTL, 1)).toBe('expired');
        expect(await store.inspect(key)).toBeNull();
        await acquire('a');
        await subject.age(key);
        expect(await store.raiseFence(key, 'b', TTL, 1)).toBe('stolen');
        expect(await remaining()).toBeLessThan(TTL / 2);
      });
    });

    describe('renew', () => {
      it('starts the lease of its own value anew', async () => {
        await acquire('a');
        await subject.age(key);
        expect(await store.renew(key, 'a', TTL)).toBe('renewed');
        expect(await remaining()).toBeGreaterThan(TTL - 2_000);
      });

      it('never creates a key', async () => {
        expect(await store.renew(key, 'a', TTL)).toBe('expired');
        expect(await store.inspect(key)).toBeNull();
      });

      it('leaves the lease of another value alone', async () => {
        await acquire('a');
        await subject.age(key);
        expect(await store.renew(key, 'b', TTL)).toBe('stolen');
        expect((await store.inspect(key))?.value).toBe('a');
        expect(await remaining()).toBeLessThan(TTL / 2);
      });
    });

    describe('release', () => {
      it('gives its own value back', async () => {
        await acquire('a');
        expect(await store.release(key, 'a', 0)).toBe('released');
        expect(await store.inspect(key)).toBeNull();
      });

      it('finds nothing where nothing is', async () => {
        expect(await store.release(key, 'a', 0)).toBe('expired');
      });

      it.each([0, 1_000])('leaves another value alone (keepFor %d)', async (keepFor) => {
        await acquire('a');
        expect(await store.release(key, 'b', keepFor)).toBe('stolen');
        expect((await store.inspect(key))?.value).toBe('a');
        expect(await remaining()).toBeGreaterThan(TTL - 2_000);
      });

      it('with keepFor leaves the key taken for so long', async () => {
        await acquire('a');
        expect(await store.release(key, 'a', TTL * 3)).toBe('released');
        expect(await remaining()).toBeGreaterThan(TTL * 2);
        expect(await acquire('b')).toMatchObject({ status: 'busy' });
        await subject.expire(key);
        expect(await acquire('b')).toMatchObject({ status: 'acquired' });
      });
    });

    describe('inspect and forceRelease', () => {
      it('find nothing where nothing is', async () => {
        expect(await store.inspect(key)).toBeNull();
        expect(await store.forceRelease(key)).toBe(false);
      });

      it('remove the key whoever holds it', async () => {
        await acquire('a');
        expect(await store.forceRelease(key)).toBe(true);
        expect(await store.inspect(key)).toBeNull();
        expect(await store.release(key, 'a', 0)).toBe('expired');
      });
    });

    it.each(['a value with spaces', 'ключ🔒', '"quoted"', '1', '0'])(
      'tells the value %j from others',
      async (value) => {
        await acquire(value);
        expect(await acquire(`${value}.`)).toMatchObject({ status: 'busy' });
        expect((await store.inspect(key))?.value).toBe(value);
        expect(await store.renew(key, value, TTL)).toBe('renewed');
        expect(await store.release(key, value, 0)).toBe('released');
      },
    );

    it('answers many keys in one tick, each by itself', async () => {
      const keys = Array.from({ length: 300 }, (_, index) => `${key}-${index}`);
      await Promise.all(keys.filter((_, index) => index % 3 === 0).map((of) => acquire('other', of)));
      const outcomes = await Promise.all(keys.map((of) => acquire('mine', of)));
      expect(outcomes.map(({ status }) => status)).toEqual(
        keys.map((_, index) => (index % 3 === 0 ? 'busy' : 'acquired')),
      );
      expect(await Promise.all(keys.map((of) => store.renew(of, 'mine', TTL)))).toEqual(
        keys.map((_, index) => (index % 3 === 0 ? 'stolen' : 'renewed')),
      );
      expect(await Promise.all(keys.map((of) => store.release(of, 'mine', 0)))).toEqual(
        keys.map((_, index) => (index % 3 === 0 ? 'stolen' : 'released')),
      );
    });

    describe.each(['at rest', 'at work'])(
      'calls for one key in one tick take effect in their order while the store is %s',
      (state) => {
        type Call = () => Promise<any>;
        const calls = {
          'acquire for a': () => acquire('a').then(({ status }) => status),
          'acquire for b': () => acquire('b').then(({ status }) => status),
          'renew for a': () => store.renew(key, 'a', TTL),
          'release of a': () => store.release(key, 'a', 0),
          inspect: () => store.inspect(key).then((stored) => stored?.value ?? null),
          forceRelease: () => store.forceRelease(key),
        } satisfies Record<string, Call>;
        type Name = keyof typeof calls;

        it.each<[holder: string, first: Name, second: Name, answers: unknown[]]>([
          ['', 'acquire for a', 'acquire for b', ['acquired', 'busy']],
          ['', 'acquire for a', 'renew for a', ['acquired', 'renewed']],
          ['', 'acquire for a', 'release of a', ['acquired', 'released']],
          ['', 'acquire for a', 'inspect', ['acquired', 'a']],
          ['', 'acquire for a', 'forceRelease', ['acquired', true]],
          ['', 'renew for a', 'acquire for a', ['expired', 'acquired']],
          ['a', 'renew for a', 'release of a', ['renewed', 'released']],
          ['a', 'release of a', 'renew for a', ['released', 'expired']],
          ['a', 'release of a', 'acquire for b', ['released', 'acquired']],
          ['a', 'release of a', 'inspect', ['released', null]],
          ['a', 'release of a', 'forceRelease', ['released', false]],
          ['a', 'forceRelease', 'acquire for b', [true, 'acquired']],
          ['a', 'forceRelease', 'release of a', [true, 'expired']],
        ])('held by "%s": %s, then %s', async (holder, first, second, answers) => {
          if (holder !== '') await acquire(holder);
          const underWay = state === 'at work' ? acquire('x', uniqueKey()) : undefined;
          expect(await Promise.all([calls[first](), calls[second]()])).toEqual(answers);
          await underWay;
        });
      },
    );
  });
}
