import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Lock } from 'nestjs-redis-lock';
import { keyOf, keysOf } from '../../../lib/stores/redis-keys.js';
import { eventually } from '../../support/eventually.js';
import { openScene, type Scene } from './support/scene.js';

const TERMS = { ttl: 60_000 };
/** Fewer than travel in one command. */
const INNOCENT = 60;
const DAY_MS = 24 * 3_600_000;
const POISONED = 'poisoned';
const PREFIXES = ['lock:', '', '{tag}', '{tag}:', 'a}', '{'];
const KEYS = ['x', '{x}', 'x:y', '{a}{b}', 'x}', 'x:queue'];

const codeOf = (error: { code?: string }): string | undefined => error.code;

describe.each(['lock:', '', '{tag}'])(
  'C13: data that somebody has planted beside one lock, keyPrefix %j',
  (keyPrefix) => {
    const space = { clientPrefix: '', prefix: keyPrefix };
    const innocent = Array.from({ length: INNOCENT }, (_, index) => `innocent-${index}`);
    /** The poisoned one amid the others. */
    const keys = [...innocent.slice(0, INNOCENT / 2), POISONED, ...innocent.slice(INNOCENT / 2)];
    let scene: Scene;

    beforeEach(async () => {
      scene = await openScene();
    });
    afterEach(() => scene.close());

    const areGone = async (): Promise<boolean> =>
      Number(await scene.server.command('EXISTS', ...innocent.map((key) => keyPrefix + key))) === 0;

    /** All of them in one turn. What failed was the poisoned one alone, and said what stands in its way. */
    const forEach = async <T>(these: readonly string[], ask: (key: string) => Promise<T>): Promise<Map<string, T>> => {
      const ends = await Promise.allSettled(these.map(ask));
      const answers = new Map<string, T>();
      ends.forEach((end, index) => {
        const key = these[index] ?? '';
        if (end.status === 'fulfilled') answers.set(key, end.value);
        else if (key !== POISONED) throw end.reason;
        else expect([end.reason.code, end.reason.message]).toEqual(['LOCK_BACKEND', expect.stringContaining(POISONED)]);
      });
      return answers;
    };

    /** Takes all, has another process wait for all, and hands all over; returns what was taken of the poisoned one. */
    const handAllOver = async (): Promise<readonly (Lock | undefined)[]> => {
      const [{ locks }, waiting] = await Promise.all([scene.open({ keyPrefix }), scene.open({ keyPrefix })]);
      const held = await forEach(keys, (key) => locks.acquire(key, TERMS));
      const next = forEach(keys, (key) => waiting.locks.acquire(key, TERMS));
      await eventually(async () => (await locks.inspect('innocent-0'))?.waitingProcesses === 1);
      const released = await forEach([...held.keys()], (key) => held.get(key)!.release());
      expect(new Set(released.values())).toEqual(new Set(['released']));
      const taken = await next;
      await forEach([...taken.keys()], (key) => taken.get(key)!.release());
      await eventually(areGone);
      return [held.get(POISONED), taken.get(POISONED)];
    };

    it.each([
      ['SET', 'x'],
      ['RPUSH', 'x'],
      ['HSET', 'x', 'y'],
    ])('a queue of another type, by %s: nobody else is disturbed', async (command, ...values) => {
      await scene.server.command(command, keyOf(space, POISONED, 'queue'), ...values);
      await handAllOver();
    });

    it.each([
      ['HSET', 'x', 'y'],
      ...['inf', '-inf', 'nan', '9007199254740992', '1e308', '-1', 'text'].map((value) => ['SET', value] as const),
    ] as const)('a fence that no clock can have come to, by %s %s: it is ignored', async (command, ...values) => {
      await scene.server.command(command, keyOf(space, POISONED, 'fence'), ...values);
      const [first, second] = await handAllOver();
      const tokens = [first, second].map((lock) => lock?.fencingToken ?? NaN) as [number, number];
      expect(tokens[0]).toBeGreaterThan((Date.now() - DAY_MS) * 1_000);
      expect(tokens[1]).toBeGreaterThan(tokens[0]);
      expect(tokens[1]).toBeLessThan((Date.now() + DAY_MS) * 1_000);
    });
  },
);

describe('C13: the keys beside a lock', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  it.each(PREFIXES)('cannot be spelled as the key of a lock, keyPrefix %j', async (keyPrefix) => {
    const { locks } = await scene.open({ keyPrefix });
    for (const key of KEYS) {
      for (const helper of keysOf({ clientPrefix: '', prefix: keyPrefix }, key, ['queue', 'fence'])) {
        const spelled = helper.startsWith(keyPrefix) ? helper.slice(keyPrefix.length) : undefined;
        if (spelled !== undefined)
          expect(await locks.acquire(spelled).then(() => `${spelled} was taken`, codeOf)).toBe('LOCK_KEY');
      }
    }
  });

  it.each(PREFIXES)('are named in this way by the server too, keyPrefix %j', async (keyPrefix) => {
    const { locks } = await scene.open({ keyPrefix });
    for (const key of KEYS) {
      await locks.withLock(key, () => undefined);
      expect(await scene.server.command('EXISTS', keyOf({ clientPrefix: '', prefix: keyPrefix }, key, 'fence'))).toBe(
        1,
      );
    }
  });
});
