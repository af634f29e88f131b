import { describe, expect, it } from '@jest/globals';
import { RedisLockOptionsError } from '../../../lib/errors/redis-lock-options.error.js';
import { printValue } from '../../../lib/options/print-value.js';
import { checkOptions, DEFAULT_TERMS, LOCK_OPTION_RULES, mergeTerms } from '../../../lib/options/lock-options.js';

const check = (options: unknown, path = ''): void => checkOptions(options, LOCK_OPTION_RULES, path);

function refusal(run: () => unknown): RedisLockOptionsError {
  try {
    run();
  } catch (error) {
    return error as RedisLockOptionsError;
  }
  throw new Error('It was expected to throw, and did not.');
}

describe('the options of a lock', () => {
  it('have defaults', () => {
    expect(DEFAULT_TERMS).toEqual({
      ttl: 30_000,
      wait: 10_000,
      backendWait: 2_000,
      signal: undefined,
      renew: true,
      maxHold: undefined,
      minHold: 0,
      reentry: 'fail',
      metadata: undefined,
    });
  });

  it.each<[string, unknown[]]>([
    ['ttl', [100, 2_147_483_647]],
    ['wait', [0, 1, 2_147_483_647, Infinity]],
    ['backendWait', [0, 1, 2_147_483_647, Infinity]],
    ['signal', [new AbortController().signal, AbortSignal.abort(), AbortSignal.timeout(1)]],
    ['renew', [true, false]],
    ['maxHold', [1, 60_000]],
    ['minHold', [0, 60_000]],
    ['reentry', ['fail', 'share', 'wait']],
    ['metadata', ['', 'x'.repeat(256), 'ключ 🔒']],
  ])('%s takes %j', (name, values) => {
    for (const value of values) expect(() => check({ [name]: value })).not.toThrow();
    expect(() => check({ [name]: undefined })).not.toThrow();
  });

  it.each<[string, unknown[], RegExp]>([
    [
      'ttl',
      [99, 0, -1, 1_000.5, NaN, Infinity, 2_147_483_648, '1000', null, true, 100n],
      /integer number of milliseconds from 100 to 2147483647/,
    ],
    [
      'wait',
      [-1, 0.5, NaN, -Infinity, 2_147_483_648, '0', null, false],
      /integer number of milliseconds from 0 to 2147483647, or Infinity/,
    ],
    [
      'backendWait',
      [-1, 0.5, NaN, -Infinity, 2_147_483_648, '0', null, false],
      /integer number of milliseconds from 0 to 2147483647, or Infinity/,
    ],
    ['signal', [new AbortController(), {}, null, true, 'aborted'], /AbortSignal/],
    ['renew', [0, 1, 'yes', null], /true or false/],
    ['maxHold', [0, -5, 1.5, Infinity, NaN, '10', null], /integer number of milliseconds from 1 to/],
    ['minHold', [-1, 1.5, Infinity, NaN, '10', null], /integer number of milliseconds from 0 to/],
    ['reentry', ['', 'FAIL', true, null, 'toString'], /'fail' or 'share' or 'wait'/],
    [
      'metadata',
      ['x'.repeat(257), 'line\nbreak', 'nul\0', 'del\u007f', 5, null, {}],
      /at most 256 characters without control characters/,
    ],
  ])('%s refuses all else', (name, values, remedy) => {
    for (const value of values) {
      const error = refusal(() => check({ [name]: value }, 'defaults.'));
      expect(error).toBeInstanceOf(RedisLockOptionsError);
      expect(error).toMatchObject({ code: 'LOCK_OPTIONS', option: `defaults.${name}` });
      expect(error.message).toMatch(remedy);
      expect(error.message).toContain(`Option "defaults.${name}" is ${printValue(value)}: `);
    }
  });

  it.each([
    [{ tll: 5 }, 'tll'],
    [{ retryCount: 5 }, 'retryCount'],
    [{ toString: 5 }, 'toString'],
    [{ constructor: 5 }, 'constructor'],
    [JSON.parse('{"__proto__": 5}'), '__proto__'],
  ])('there is no other: %j', (options, name) => {
    const error = refusal(() => check(options));
    expect(error.option).toBe(name);
    expect(error.message).toMatch(
      /no such option.*ttl, wait, backendWait, signal, renew, maxHold, minHold, reentry, metadata/,
    );
  });

  it.each([null, 5, 'text', [], () => undefined, true])('%p are no options', (options) => {
    expect(refusal(() => check(options)).message).toMatch(/pass an object/);
  });

  it('of a call stand over those that hold otherwise; undefined leaves those', () => {
    const base = mergeTerms(DEFAULT_TERMS, { ttl: 5_000, renew: false, metadata: 'base' });
    const merged = mergeTerms(base, { ttl: undefined as never, wait: 0, metadata: '' });
    expect(merged).toMatchObject({ ttl: 5_000, wait: 0, renew: false, metadata: '' });
    expect(base.wait).toBe(10_000);
  });
});
