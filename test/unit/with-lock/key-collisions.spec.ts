import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LockKeyError } from '../../../lib/index.js';
import { toKey } from '../../../lib/options/lock-keys.js';
import { callContext } from '../../../lib/with-lock/plain/call-context.js';
import { compileKey } from '../../../lib/with-lock/key/resolve-key.js';
import { SEED } from '../../support/seed.js';

const SEPARATORS = [':', '/', '-', '.', '_', '|', ', ', '::', 'a', '2', '#', 'é', '€', '🎉', '🎊', ' '];

/** Strings in which whatever could be taken for structure is frequent. */
const tricky = fc.array(
  fc.constantFrom(...SEPARATORS, ...'%25A3#ab:', '%3A', 'F0%9F', '\ud83c', '\udf89', '\n', '{', '}'),
  { minLength: 1, maxLength: 6 },
);
const part = fc.oneof(
  tricky.map((pieces) => pieces.join('')),
  fc.string({ minLength: 1, maxLength: 8, unit: 'binary' }),
  fc.integer().map(String),
);
const parts = fc.tuple(part, part, part);

function keyOf(template: string, args: readonly string[]): string | undefined {
  try {
    return toKey(compileKey(template).keysOf(callContext('Shop.order', args)));
  } catch (error) {
    if (error instanceof LockKeyError) return undefined;
    throw error;
  }
}

describe('two different tuples of parts', () => {
  it.each(SEPARATORS)(`D3: never make one key, separated by %p (SEED=${SEED})`, (separator) => {
    const template = ['{0}', '{1}', '{2}'].join(separator);
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        fc.pre(one.join('\0') !== other.join('\0'));
        const key = keyOf(template, one);
        return key === undefined || key !== keyOf(template, other);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it.each(SEPARATORS)(
    `D3: never make one key when a separator moves from one part to the next, separated by %p (SEED=${SEED})`,
    (separator) => {
      fc.assert(
        fc.property(parts, ([a, b, c]) => {
          const key = keyOf(`{0}${separator}{1}`, [a + separator + b, c]);
          return key === undefined || key !== keyOf(`{0}${separator}{1}`, [a, b + separator + c]);
        }),
        { seed: SEED, numRuns: 300 },
      );
    },
  );

  it.each(SEPARATORS)('D3: never make one key, of all pairs of short parts, separated by %p', (separator) => {
    const alphabet = [...new Set([separator, '%', '2', '5'])];
    const texts = [1, 2, 3].flatMap((length) => words(alphabet, length));
    const compiled = compileKey(`{0}${separator}{1}`);
    const pairs = new Map<unknown, string>();
    const collisions: string[] = [];
    for (const pair of texts.flatMap((a) => texts.map((b) => [a, b]))) {
      const key = compiled.keysOf(callContext('Shop.order', pair));
      const [text, before] = [JSON.stringify(pair), pairs.get(key)];
      if (before !== undefined && before !== text) collisions.push(`${before} and ${text}`);
      pairs.set(key, text);
    }
    expect(collisions).toEqual([]);
  });

  it('D3: never make one key when they are so long that they are hashed', () => {
    const filler = 'x'.repeat(600);
    fc.assert(
      fc.property(part, part, (one, other) => {
        fc.pre(one !== other);
        const key = keyOf('order:{0}', [filler + one]);
        return key === undefined || key !== keyOf('order:{0}', [filler + other]);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it.each(SEPARATORS)('D3: never make one key because one of them was hashed, separated by %p', (separator) => {
    const long = `${'a'.repeat(63)}2${'x'.repeat(600)}`;
    const hash = /%#([0-9a-f]{64})/.exec(keyOf('{0}', [long]) ?? '')?.[1] ?? '';
    const next = `${hash}${'x'.repeat(600)}`;
    const hashOfNext = /%#([0-9a-f]{64})/.exec(keyOf('{0}', [next]) ?? '')?.[1] ?? '';
    const texts = [
      long,
      long.slice(0, 64),
      hash,
      next,
      hashOfNext,
      `${long.slice(0, 64)}%#${hash}`,
      `${long.slice(0, 64)}#${hash}`,
      `#${hash}`,
      `%#${hash}`,
    ];
    const keys = texts.flatMap((a) => texts.map((b) => keyOf(`{0}${separator}{1}`, [a, b])));
    expect(new Set(keys).size).toBe(texts.length ** 2);
  });

  it('D3: never make one key because half of a surrogate pair has no bytes of its own', () => {
    for (const filler of ['', 'x'.repeat(600)]) {
      const keys = ['\ud83c', '\udf89', '\ufffd']
        .map((half) => keyOf('order:{0}', [filler + half]))
        .filter((key) => key !== undefined);
      expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(keys.length);
    }
  });
});

function words(alphabet: readonly string[], length: number): string[] {
  return length === 0 ? [''] : words(alphabet, length - 1).flatMap((word) => alphabet.map((letter) => word + letter));
}
