import { LockKeyError } from '../../errors/lock-key.error.js';
import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import { encodePart, faultOfPart, faultOfSeparator, faultOfTexts, fitKey, separatorOf } from './key-parts.js';
import { printValue } from '../../options/print-value.js';

/** The text between the parts, for each place in the code where the tag stands: checked the first time that the place is reached. */
const known = new WeakMap<readonly string[], readonly string[]>();

/**
 * A key from values, for the service and for key functions: `` lockKey`order:${id}` ``. As in the templates of `@WithLock()`, parts are escaped, so that no
 * two different sets of them make one key here, and a key that is too long is hashed. Another text around other parts may make the same key: begin each text
 * with a word of its own.
 *
 * @param texts - what stands between the parts, and around them: up to 512 bytes with the parts, or the key is hashed.
 * @param parts - in the braces of the template.
 * @returns the key, ready for `acquire()` and the others.
 * @throws {LockKeyError} when a part is `undefined`, `null`, empty, no finite number, or an object.
 * @throws {RedisLockOptionsError} when the text between two parts is missing or begins with "%", or the text has control characters or "%#".
 * @publicApi
 */
export function lockKey(
  texts: TemplateStringsArray,
  ...parts: readonly (string | number | boolean | bigint)[]
): string {
  const separators = known.get(texts) ?? check(texts);
  let key = texts[0] ?? '';
  for (const [index, part] of parts.entries()) {
    const fault = faultOfPart(part);
    if (fault !== undefined) throw new LockKeyError(`${nameOf(index)} of the key ${print(texts)} ${fault}`);
    key += encodePart(part, separators[index] ?? '') + (texts[index + 1] ?? '');
  }
  if (key === '') throw new LockKeyError('The key is empty. Pass at least one character.');
  return fitKey(key);
}

function check(texts: TemplateStringsArray): readonly string[] {
  const between = texts.slice(1, -1);
  const fault =
    faultOfTexts(texts) ??
    between.map((text, index) => faultOfSeparator(nameOf(index), text)).find((each) => each !== undefined);
  if (fault !== undefined) throw new RedisLockOptionsError({ option: 'key', value: print(texts), remedy: fault });
  const separators = between.map(separatorOf);
  known.set(texts, separators);
  return separators;
}

function nameOf(index: number): string {
  return `part ${index + 1}`;
}

function print(texts: readonly string[]): string {
  return printValue(texts.join('{…}'));
}
