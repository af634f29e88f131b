import { createHash } from 'node:crypto';
import { isWellFormed, printValue } from '../../options/print-value.js';
import { MAX_KEY_BYTES } from '../../redis-lock.constants.js';

/** How many characters of a key or part that is too long stay readable. */
const READABLE_CHARS = 64;

/** Marks a hash. It occurs in no part, where two digits follow each "%", and in no text between parts, where it is refused. */
const HASH_MARK = '%#';

/** Characters that could be mistaken for the structure of a key: separator, escape and hash mark, the braces of a hash tag, space and control characters. */
// eslint-disable-next-line no-control-regex -- control characters are what is escaped
const ALWAYS_ESCAPED = /[%:#{}\s\u0000-\u001f\u007f]/u;

/** What is wrong with the text before, between and behind the parts of a key, or `undefined`. */
export function faultOfTexts(texts: readonly string[]): string | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (texts.some((text) => /[\u0000-\u001f\u007f]/u.test(text))) return 'it has control characters; remove them';
  if (!texts.every(isWellFormed)) return 'it has half of a surrogate pair; remove it';
  if (texts.some((text) => text.includes(HASH_MARK))) return `it has "${HASH_MARK}", which marks a hash; remove it`;
  return undefined;
}

/** What is wrong with the text between a part and the next one, or `undefined`. */
export function faultOfSeparator(part: string, text: string): string | undefined {
  if (text === '') return `${part} and the next part need a separator between them, such as ":"`;
  return text.startsWith('%')
    ? `the separator after ${part} begins with "%", which escapes; use another, such as ":"`
    : undefined;
}

/** The character after a part, which must not occur in the part itself. */
export function separatorOf(text: string): string {
  return Array.from(text.slice(0, 2))[0] ?? '';
}

/** Why the value is no part of a key, or `undefined`. */
export function faultOfPart(value: unknown): string | undefined {
  if (value === undefined || value === null) return `is ${String(value)}, so there is no key.`;
  if (value === '') return 'is empty, so there is no key.';
  if (!isPrimitive(value))
    return `is ${printValue(value)}: only strings, numbers and booleans make a key. Name a field of it.`;
  if (typeof value === 'string' && !isWellFormed(value))
    return 'has half of a surrogate pair, so it could meet another key in Redis.';
  return undefined;
}

/**
 * Escapes a part for a key, so that `('a:b', 'c')` and `('a', 'b:c')` make different keys. Clients send parts of any length: one that is longer
 * than a key may be is hashed, in one pass.
 */
export function encodePart(value: unknown, separator: string): string {
  const text = String(value);
  return text.length > MAX_KEY_BYTES
    ? `${escape(beginningOf(text), separator)}${HASH_MARK}${hash(text)}`
    : escape(text, separator);
}

/** Shortens a key that is too long to its beginning, for operators to read, and the hash of the whole, which tells it from others. */
export function fitKey(key: string): string {
  if (key.length <= MAX_KEY_BYTES / 3 || Buffer.byteLength(key) <= MAX_KEY_BYTES) return key;
  // Half a surrogate pair has no bytes of its own, so the hash could be that of another key; `toKey()` refuses such a key.
  if (!isWellFormed(key)) return key;
  return `${beginningOf(key)}${HASH_MARK}${hash(key)}`;
}

/** Drops half of a surrogate pair that the cut has left at the end. */
function beginningOf(text: string): string {
  return Array.from(text.slice(0, READABLE_CHARS)).filter(isWellFormed).join('');
}

function isPrimitive(value: unknown): value is string | boolean | bigint | number {
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || Number.isFinite(value);
}

function escape(text: string, separator: string): string {
  if (!ALWAYS_ESCAPED.test(text) && (separator === '' || !text.includes(separator))) return text;
  return Array.from(text, (char) => (char === separator || ALWAYS_ESCAPED.test(char) ? encode(char) : char)).join('');
}

function encode(char: string): string {
  return Array.from(Buffer.from(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
