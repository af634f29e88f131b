import { createHash } from 'node:crypto';
import { LockKeyError } from '../errors/lock-key.error.js';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import type { LockKey, LockKeyContext } from '../interfaces/with-lock-options.interface.js';
import { printValue } from '../print-value.js';
import { MAX_KEY_BYTES } from '../redis-lock.constants.js';
import { isThenable } from './covered-call.js';
import type { KeySource } from './key-source.interface.js';
import { KeyTemplate } from './key-template.js';

/** How much of a key that is too long stays readable. */
const READABLE_CHARS = 64;

/**
 * Compiles the key of a decorator.
 *
 * @throws {RedisLockOptionsError} when it is neither a template nor a function, or its form is wrong.
 */
export function compileKey(key: LockKey): KeySource {
  if (typeof key === 'string') {
    const template = new KeyTemplate(key);
    const { needsArguments, parts } = template;
    return { needsArguments, parts, keysOf: (context) => shorten(template.keysOf(context)), partMissingIn: (transport) => template.partMissingIn(transport) };
  }
  if (typeof key === 'function') {
    return { needsArguments: false, parts: [], keysOf: (context) => ofFunction(key(context), context), partMissingIn: () => undefined };
  }
  throw new RedisLockOptionsError({ option: 'key', value: printValue(key), remedy: "pass a template such as 'order:{params.id}', or a function" });
}

/** What becomes of a value that was missing, or is none, when it is put into a string. */
const NO_VALUE = /\[object \w{1,40}\]|(?<![\p{L}\p{N}_])(?:undefined|null|NaN)(?![\p{L}\p{N}_])/u;

function ofFunction(key: unknown, context: LockKeyContext): string | readonly string[] {
  const { target } = context;
  if (typeof key === 'string') return checked(key, context);
  if (Array.isArray(key) && key.every((item) => typeof item === 'string')) return key.map((item) => checked(item, context));
  // Nobody waits for it: its rejection would have nobody to hear it.
  if (isThenable(key)) key.then(undefined, () => undefined);
  throw new LockKeyError(`The key function of ${target} returned ${printValue(key)}. Return a string, or an array of strings.`);
}

/** As the parts of a template are: such a key would be one for all whose value is missing. */
function checked(key: string, { target }: LockKeyContext): string {
  const [found] = NO_VALUE.exec(key) ?? [];
  if (found !== undefined) throw new LockKeyError(`The key function of ${target} put ${found} into its key: a value is missing there, or is no string or number.`);
  return shorten(key);
}

/** Keys are made from what clients send, so they may be long; the beginning stays for operators, the whole makes the difference. */
function shorten(key: string): string {
  if (key.length <= MAX_KEY_BYTES / 3 || Buffer.byteLength(key) <= MAX_KEY_BYTES) return key;
  return `${Array.from(key.slice(0, READABLE_CHARS)).filter(isWhole).join('')}#${createHash('sha256').update(key).digest('hex')}`;
}

/** The cut may have gone through a surrogate pair. */
function isWhole(char: string): boolean {
  return !/^[\ud800-\udfff]$/u.test(char);
}
