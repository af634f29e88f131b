import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LockStore } from '../../lib/engine/lock-store.interface.js';
import { MemoryStore } from '../../lib/testing/memory-store.js';
import { FakeClock } from '../support/fake-clock.js';
import { openRedisStore, type TestRedisStore } from '../support/redis-store.js';
import { SEED } from '../support/seed.js';
import { uniqueKey } from '../support/unique-key.js';

const TTL = 60_000;

interface Call {
  readonly method: 'acquire' | 'renew' | 'release' | 'inspect' | 'forceRelease';
  readonly key: string;
  readonly value: string;
  /** Whether it is made in the tick of the one before. */
  readonly isTogether: boolean;
}

const CALL = fc.record({
  method: fc.constantFrom<Call['method']>(
    'acquire',
    'acquire',
    'release',
    'release',
    'renew',
    'inspect',
    'forceRelease',
  ),
  key: fc.constantFrom('a', 'b', 'c'),
  value: fc.constantFrom('x', 'y'),
  isTogether: fc.boolean(),
});

async function answer(store: LockStore, { method, key, value }: Call): Promise<unknown> {
  if (method === 'acquire') return (await store.acquire({ key, value, ttl: TTL, tokens: 1 })).status;
  if (method === 'renew') return store.renew(key, value, TTL);
  if (method === 'release') return store.release(key, value, 0);
  return method === 'inspect' ? (await store.inspect(key))?.value : store.forceRelease(key);
}

async function answers(store: LockStore, calls: readonly Call[], prefix: string): Promise<unknown[]> {
  const pending: Promise<unknown>[] = [];
  for (const call of calls) {
    if (!call.isTogether) await new Promise((resolve) => setImmediate(resolve));
    pending.push(answer(store, { ...call, key: prefix + call.key }));
  }
  return Promise.all(pending);
}

describe('calls that travel together', () => {
  let subject: TestRedisStore;

  beforeAll(async () => {
    subject = await openRedisStore();
    // The server knows every script.
    for (const method of ['acquire', 'renew', 'release', 'inspect', 'forceRelease'] as const) {
      await answer(subject.store, { method, key: uniqueKey(), value: 'x', isTogether: false });
    }
  });
  afterAll(() => subject.close());

  it(`are answered as if each were made alone, in their order (SEED=${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(CALL, { minLength: 2, maxLength: 40 }), async (calls) => {
        const prefix = uniqueKey();
        const expected = await answers(new MemoryStore(new FakeClock()), calls, prefix);
        expect(await answers(subject.store, calls, prefix)).toEqual(expected);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
