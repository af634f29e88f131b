import { LockKeyError } from '../errors/lock-key.error.js';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import type { LockKeyContext } from '../interfaces/with-lock-options.interface.js';
import { isWellFormed, printValue } from '../print-value.js';
import type { KeySource, Transport } from './key-source.interface.js';

/** Where the first word of a part comes from, and which transports have it. */
const SOURCES: Readonly<Record<string, readonly Transport[]>> = {
  params: ['http'],
  query: ['http'],
  body: ['http'],
  user: ['http'],
  headers: ['http'],
  ip: ['http'],
  data: ['rpc', 'ws'],
  args: ['graphql'],
};

/** What could be mistaken for the structure of a key: our own separator, escape and hash marks, the braces of a hash tag, space and control. */
// eslint-disable-next-line no-control-regex -- control characters are what is escaped
const ALWAYS_ESCAPED = /[%:#{}\s\u0000-\u001f\u007f]/u;

interface Part {
  readonly text: string;
  readonly path: readonly string[];
  /** The character after the part, if another part follows: it must not occur in the part itself. */
  readonly separator: string;
}

/** A template such as `order:{params.id}`. */
export class KeyTemplate implements KeySource {
  readonly #literals: readonly string[];
  readonly #parts: readonly Part[];

  /** @throws {RedisLockOptionsError} when its form is wrong. */
  constructor(template: string) {
    const { literals, parts } = parse(template);
    this.#literals = literals;
    this.#parts = parts;
  }

  keysOf(context: LockKeyContext): string {
    let key = this.#literals[0] ?? '';
    for (const [index, part] of this.#parts.entries()) key += valueOf(part, context) + (this.#literals[index + 1] ?? '');
    return key;
  }

  partMissingIn(transport: Transport): string | undefined {
    return this.#parts.find(({ path: [source = ''] }) => !transportsOf(source).includes(transport))?.text;
  }
}

function parse(template: string): { literals: string[]; parts: Part[] } {
  if (template === '') throw malformed(template, 'it is empty; write at least one character');
  const pieces = template.split(/(\{[^{}]*\})/u);
  const literals = pieces.filter((_, index) => index % 2 === 0);
  const stray = literals.find((literal) => /[{}]/u.test(literal));
  if (stray !== undefined) throw malformed(template, 'its braces do not match; use a key function for a key with literal braces');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (literals.some((literal) => /[\u0000-\u001f\u007f]/u.test(literal))) throw malformed(template, 'it has control characters; remove them');
  if (!literals.every(isWellFormed)) throw malformed(template, 'it has half of a surrogate pair; remove it');
  const texts = pieces.filter((_, index) => index % 2 === 1).map((piece) => piece.slice(1, -1));
  const parts = texts.map((text, index) => toPart(template, text, literals[index + 1] ?? '', index === texts.length - 1));
  return { literals, parts };
}

function toPart(template: string, text: string, following: string, isLast: boolean): Part {
  const path = text.split('.');
  const [source = ''] = path;
  if (path.includes('') || /[\s[\]()]/u.test(text)) throw malformed(template, `{${text}} is no path; write it as in {params.id}`);
  if (!isPosition(source) && !Object.hasOwn(SOURCES, source)) {
    const known = [...Object.keys(SOURCES), '0, 1, …'].join(', ');
    throw malformed(template, `{${text}} begins with none of ${known}`);
  }
  if (path.length === 1 && !isPosition(source) && source !== 'ip' && source !== 'data') throw malformed(template, `{${text}} is an object; name a field, as in {${text}.id}`);
  if (!isLast && following === '') throw malformed(template, `{${text}} and the next part need a separator between them, such as ":"`);
  if (source === 'headers') path[1] = (path[1] ?? '').toLowerCase();
  if (!isLast && following.startsWith('%')) throw malformed(template, `the separator after {${text}} begins with "%", which escapes; use another, such as ":"`);
  return { text, path, separator: isLast ? '' : (Array.from(following)[0] ?? '') };
}

function valueOf({ text, path, separator }: Part, context: LockKeyContext): string {
  const value = lookUp(text, path, context);
  const what = `{${text}} of the key of ${context.target}`;
  if (value === undefined || value === null) throw new LockKeyError(`${what} is ${String(value)}, so there is no key.`);
  if (value === '') throw new LockKeyError(`${what} is empty, so there is no key.`);
  if (!isPrimitive(value)) throw new LockKeyError(`${what} is ${printValue(value)}: only strings, numbers and booleans make a key. Name a field of it.`);
  const part = String(value);
  if (!isWellFormed(part)) throw new LockKeyError(`${what} has half of a surrogate pair, so it could meet another key in Redis.`);
  return escape(part, separator);
}

function isPrimitive(value: unknown): value is string | boolean | bigint | number {
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || Number.isFinite(value);
}

function lookUp(text: string, path: readonly string[], context: LockKeyContext): unknown {
  const [source = '', ...fields] = path;
  const transports = transportsOf(source);
  if (!transports.includes(context.transport)) {
    const remedy = context.transport === 'call' ? 'a plain call has its arguments: {0}, {0.id}' : `it comes by ${transports.join(' or ')}`;
    throw new LockKeyError(`{${text}} of the key of ${context.target} does not exist in a call by ${context.transport}; ${remedy}.`);
  }
  let value: unknown = rootOf(source, context);
  for (const field of fields) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[field];
  }
  return value;
}

function rootOf(source: string, context: LockKeyContext): unknown {
  if (isPosition(source)) return context.args[Number(source)];
  return source === 'args' ? context.data : context[source as 'params'];
}

function transportsOf(source: string): readonly Transport[] {
  return isPosition(source) ? ['call'] : (SOURCES[source] ?? []);
}

function isPosition(source: string): boolean {
  return /^\d+$/u.test(source);
}

/** Percent-encodes what would make `('a:b', 'c')` and `('a', 'b:c')` one key. */
function escape(value: string, separator: string): string {
  if (!ALWAYS_ESCAPED.test(value) && (separator === '' || !value.includes(separator))) return value;
  return Array.from(value, (char) => (char === separator || ALWAYS_ESCAPED.test(char) ? encode(char) : char)).join('');
}

function encode(char: string): string {
  return Array.from(Buffer.from(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function malformed(template: string, remedy: string): RedisLockOptionsError {
  return new RedisLockOptionsError({ option: 'key', value: printValue(template), remedy });
}
