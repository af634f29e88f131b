import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lockKey, LockKeyError, RedisLockOptionsError } from '../../../../lib/index.js';
import { callContext } from '../../../../lib/with-lock/plain/call-context.js';
import { compileKey } from '../../../../lib/with-lock/key/resolve-key.js';
import { toKey } from '../../../../lib/options/lock-keys.js';
import { SEED } from '../../../support/seed.js';

/** What only a program that is not compiled strictly puts there. */
const as = <T>(value: unknown): T => value as T;

describe('lockKey', () => {
  it('D3: makes the key that a template makes of the same values', () => {
    const part = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.integer(),
      fc.boolean(),
      fc.bigInt(),
      fc.constantFrom('x'.repeat(600), ':/%#{}'),
    );
    const template = compileKey('order:{0}/{1}#{2}');
    const ofTemplate = (args: readonly unknown[]): unknown => {
      try {
        return template.keysOf(callContext('Shop.order', args));
      } catch (error) {
        return (error as LockKeyError).code;
      }
    };
    const ofTag = ([a, b, c]: readonly [string, string, string]): string => {
      try {
        return lockKey`order:${a}/${b}#${c}`;
      } catch (error) {
        return (error as LockKeyError).code;
      }
    };
    fc.assert(
      fc.property(fc.tuple(part, part, part), (args) => ofTag(as(args)) === ofTemplate(args)),
      { seed: SEED, numRuns: 100 },
    );
  });

  it.each([undefined, null, '', NaN, Infinity, {}, [], ['7'], () => '7', Symbol('7'), new Date(0), '\ud83c'])(
    'D2b: refuses the part %p',
    (value) => {
      expect(() => lockKey`order:${as<string>(value)}`).toThrow(LockKeyError);
      expect(() => lockKey`order:${'a'}:${as<string>(value)}`).toThrow(/part 2 of the key "order:\{…\}:\{…\}"/);
    },
  );

  it('D3: refuses a text in which parts could meet, each time', () => {
    const refused = [
      (): string => lockKey`${'a'}${'b'}`,
      (): string => lockKey`order:${1}%${2}`,
      (): string => lockKey`order:${1}:%#${2}`,
      (): string => lockKey`order\n${1}`,
      (): string => lockKey`half \ud83c${1}`,
    ];
    for (const make of [...refused, ...refused]) expect(make).toThrow(RedisLockOptionsError);
    expect(() => lockKey``).toThrow(LockKeyError);
  });

  it('D3: keeps a key within its limit, and what is read of it', () => {
    const key = lockKey`order:${'é'.repeat(2_000)}:item`;
    expect(toKey(key)).toMatch(/^order:é{64}%#[0-9a-f]{64}:item$/);
    expect(lockKey`order:${'é'.repeat(2_001)}:item`).not.toBe(key);
  });
});

describe('a key function', () => {
  const keyOf = (key: unknown) => compileKey(() => as<string>(key)).keysOf(callContext('Shop.order', []));

  it.each([
    'order:[object Object]',
    'order:[object Map]:a',
    `${undefined}`,
    `order:${undefined}`,
    `${null}/items`,
    `order-${NaN}`,
    ['fine', `order:${undefined}`],
  ])('D2b: that returned %p did not look at what it read', (key) => {
    expect(() => keyOf(key)).toThrow(LockKeyError);
    expect(() => keyOf(key)).toThrow(/Shop\.order.*is no part of a key/);
  });

  it.each(['undefinedness', 'order:what is null and NaN', 'annullment', 'object Object', 'order:Null'])(
    'D2b: may return %p',
    (key) => {
      expect(keyOf(key)).toBe(key);
    },
  );
});

describe('an array of templates', () => {
  it('D2a: makes as many keys, each as it would alone', () => {
    const source = compileKey(['stock:{0.from}', 'stock:{0.to}']);
    expect(source.keysOf(callContext('Shop.move', [{ from: 'a:b', to: 'c' }]))).toEqual(['stock:a%3Ab', 'stock:c']);
    expect(() => source.keysOf(callContext('Shop.move', [{ from: 'a' }]))).toThrow(
      /\{0\.to\} of the key of Shop\.move is undefined/,
    );
    expect(source.partMissingIn('http')).toBeUndefined();
    expect(compileKey(['a', 'b:{params.id}']).partMissingIn('call')).toBe('params.id');
    expect(compileKey(['a', 'b:{0}']).partMissingIn('call')).toBeUndefined();
  });
});
