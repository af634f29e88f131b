import { LockKeyError } from '../../errors/lock-key.error.js';
import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import type { LockKey, LockKeyContext } from '../../interfaces/with-lock-options.interface.js';
import { fitKey } from './key-parts.js';
import { assertFewKeys } from '../../options/lock-keys.js';
import { printValue } from '../../options/print-value.js';
import { MAX_KEY_BYTES } from '../../redis-lock.constants.js';
import { isThenable } from '../thenable.js';
import type { KeySource } from './key-source.interface.js';
import { KeyTemplate } from './key-template.js';

/** What an object or a missing value becomes in a string. It stands alone between separators, which text that people write hardly does. */
const NO_PART = /\[object |(?<![\p{L}\p{N}_\s])(?:undefined|null|NaN)(?![\p{L}\p{N}_\s])/u;

/**
 * Compiles the key of a decorator.
 *
 * @throws {RedisLockOptionsError} when it is neither a template, nor several, nor a function, or its form is wrong.
 */
export function compileKey(key: LockKey): KeySource {
  if (typeof key === 'string') return ofTemplates([key]);
  if (Array.isArray(key) && key.length > 0) return ofTemplates(key);
  if (typeof key === 'function')
    return {
      needsArguments: false,
      parts: [],
      keysOf: (context) => ofFunction(key(context), context),
      partMissingIn: () => undefined,
    };
  throw new RedisLockOptionsError({ option: 'key', value: printValue(key), remedy: WHAT_TO_PASS });
}

const WHAT_TO_PASS = "pass a template such as 'order:{params.id}', an array of them, or a function";

function ofTemplates(texts: readonly unknown[]): KeySource {
  const templates = texts.map(toTemplate) as [KeyTemplate, ...KeyTemplate[]];
  const [only] = templates;
  const isOne = templates.length === 1;
  return {
    needsArguments: templates.some(({ needsArguments }) => needsArguments),
    parts: templates.flatMap(({ parts }) => parts),
    keysOf: (context) =>
      isOne ? fitKey(only.keysOf(context)) : templates.map((template) => fitKey(template.keysOf(context))),
    partMissingIn: (transport) =>
      templates.map((template) => template.partMissingIn(transport)).find((part) => part !== undefined),
  };
}

function toTemplate(text: unknown): KeyTemplate {
  if (typeof text === 'string') return new KeyTemplate(text);
  throw new RedisLockOptionsError({ option: 'key', value: `an array with ${printValue(text)}`, remedy: WHAT_TO_PASS });
}

function ofFunction(key: unknown, context: LockKeyContext): string | readonly string[] {
  if (typeof key === 'string') return fit(key, context);
  if (Array.isArray(key)) {
    assertFewKeys(key.length);
    if (key.every((item) => typeof item === 'string')) return key.map((item) => fit(item, context));
  }
  // No code waits for this promise, so that its rejection would be unhandled.
  if (isThenable(key)) key.then(undefined, () => undefined);
  throw new LockKeyError(
    `The key function of ${context.target} returned ${printValue(key)}. Return a string, or an array of strings.`,
  );
}

/** Refuses in the key of a function what a template refuses in a part: all calls that lack the value would wait for each other. */
function fit(key: string, { target }: LockKeyContext): string {
  const [part] = NO_PART.exec(key.slice(0, MAX_KEY_BYTES)) ?? [];
  if (part === undefined) return fitKey(key);
  const why = `in which "${part}" is no part of a key. Check what it reads, or make the key by the tag lockKey, which refuses such values`;
  throw new LockKeyError(`The key function of ${target} returned ${printValue(key)}, ${why}.`);
}
