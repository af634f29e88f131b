import { LockKeyError } from '../errors/lock-key.error.js';
import { isWellFormed, printValue } from './print-value.js';
import { MAX_KEY_BYTES, MAX_KEYS } from '../redis-lock.constants.js';

/** A key of at most so many UTF-16 code units is within the limit: each unit takes three bytes at most. */
const SURELY_SHORT = Math.floor(MAX_KEY_BYTES / 3);

/**
 * Checks one key or several, sorts them and drops duplicates.
 *
 * @throws {LockKeyError}
 */
export function toKeys(key: unknown): readonly [string, ...string[]] {
  if (!Array.isArray(key)) return [toKey(key)];
  assertFewKeys(key.length);
  // Not map(): it passes over holes.
  const keys = [...new Set(Array.from(key, toKey))].sort();
  const [first, ...others] = keys;
  if (first === undefined) throw new LockKeyError('No key was given: the array is empty. Pass at least one key.');
  return [first, ...others];
}

/** @throws {LockKeyError} when so many are more than one lock may have. */
export function assertFewKeys(count: number): void {
  if (count <= MAX_KEYS) return;
  throw new LockKeyError(
    `${count} keys are too many for one lock; the limit is ${MAX_KEYS}. Lock what they have in common, or take them in smaller sets.`,
  );
}

/**
 * Checks one key. It looks at the length first, because keys are made from what clients send.
 *
 * @throws {LockKeyError}
 */
export function toKey(key: unknown): string {
  if (typeof key !== 'string')
    throw new LockKeyError(`The key is ${printValue(key)}. Pass a string, or an array of strings.`);
  if (key === '') throw new LockKeyError('The key is empty. Pass at least one character.');
  if (key.length > SURELY_SHORT && Buffer.byteLength(key) > MAX_KEY_BYTES) {
    const size = `${Buffer.byteLength(key)} bytes long; the limit is ${MAX_KEY_BYTES}`;
    throw new LockKeyError(`The key ${printValue(key)} is ${size}. Hash the long part, as the tag lockKey does.`);
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/u.test(key))
    throw new LockKeyError(`The key ${printValue(key)} has control characters. Remove or encode them.`);
  if (!isWellFormed(key))
    throw new LockKeyError(
      `The key ${printValue(key)} has half of a surrogate pair, so it could meet another key in Redis.`,
    );
  return key;
}
