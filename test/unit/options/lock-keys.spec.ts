import { describe, expect, it } from '@jest/globals';
import { LockKeyError } from '../../../lib/errors/lock-key.error.js';
import { toKey, toKeys } from '../../../lib/options/lock-keys.js';

describe('keys', () => {
  it.each(['a', ' ', 'order:42', '{a}', 'ключ🔒', 'x'.repeat(512), 'é'.repeat(256), '0'])('may be %j', (key) => {
    expect(toKey(key)).toBe(key);
    expect(toKeys(key)).toEqual([key]);
    expect(toKeys([key])).toEqual([key]);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /The key is undefined\. Pass a string/],
    [null, /The key is null\. Pass a string/],
    [42, /The key is 42\. Pass a string/],
    [42n, /The key is 42n\. Pass a string/],
    [NaN, /Pass a string/],
    [true, /Pass a string/],
    [{}, /The key is an object\. Pass a string/],
    [() => 'a', /The key is a function\. Pass a string/],
    [Symbol('s'), /Pass a string/],
    [Object('boxed'), /Pass a string/],
    ['', /The key is empty/],
    ['x'.repeat(513), /513 bytes long; the limit is 512/],
    ['é'.repeat(257), /514 bytes long; the limit is 512/],
    ['€'.repeat(171), /513 bytes long; the limit is 512/],
  ])('may not be %p', expectRefusal);

  it.each([
    ['a\nb', /The key "a\\nb" has control characters/],
    ['\0', /control characters/],
    ['\u001f', /control characters/],
    ['a\u007f', /control characters/],
    ['\ud800', /half of a surrogate pair/],
    ['a\udc00b', /half of a surrogate pair/],
  ])('may not be %j', expectRefusal);

  function expectRefusal(key: unknown, message: RegExp): void {
    for (const run of [() => toKey(key), () => toKeys(key), () => toKeys(['fine', key])]) {
      expect(run).toThrow(LockKeyError);
      expect(run).toThrow(message);
    }
  }

  it('C10: are sorted and without duplicates, and the array of the caller stays as it is', () => {
    const given = ['b', 'a', 'c', 'a'];
    expect(toKeys(given)).toEqual(['a', 'b', 'c']);
    expect(given).toEqual(['b', 'a', 'c', 'a']);
    expect(toKeys(['a', 'B', 'é', 'z'])).toEqual(toKeys(['z', 'é', 'B', 'a']));
  });

  it('are at least one', () => {
    expect(() => toKeys([])).toThrow(/array is empty/);
    expect(() => toKeys([['a']])).toThrow(LockKeyError);
    // A hole, not a string: it would lock the key "undefined".
    expect(() => toKeys(Object.assign(['a'], { length: 2 }))).toThrow(LockKeyError);
  });

  it('C10: are a hundred at most', () => {
    const keys = Array.from({ length: 101 }, (_, index) => `key ${index}`);
    expect(toKeys(keys.slice(1))).toHaveLength(100);
    expect(() => toKeys(keys)).toThrow(LockKeyError);
    expect(() => toKeys(keys)).toThrow(/101 keys are too many for one lock; the limit is 100\. .*smaller sets/);
  });

  it('are shortened in messages', () => {
    const message = ((): string => {
      try {
        toKey('x'.repeat(10_000));
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(message.length).toBeLessThan(200);
  });
});
