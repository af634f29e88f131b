import { LockKeyError } from '../../errors/lock-key.error.js';
import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import type { LockKeyContext } from '../../interfaces/with-lock-options.interface.js';
import { encodePart, faultOfPart, faultOfSeparator, faultOfTexts, separatorOf } from './key-parts.js';
import { printValue } from '../../options/print-value.js';
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

/** The transports of parts that are arguments: every method has arguments; those of a handler exist after the pipes. */
const ALL: readonly Transport[] = ['http', 'rpc', 'ws', 'graphql', 'call'];

interface Part {
  readonly text: string;
  readonly transports: readonly Transport[];
  /** Where the part begins: a position among the arguments, or the name of something that calls by a transport have. */
  readonly source: number | string;
  readonly fields: readonly string[];
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
    for (let index = 0; index < this.#parts.length; index += 1)
      key += valueOf(this.#parts[index] as Part, context) + (this.#literals[index + 1] ?? '');
    return key;
  }

  get needsArguments(): boolean {
    return this.#parts.some(({ source }) => typeof source === 'number');
  }

  get parts(): readonly string[] {
    return this.#parts.map(({ text }) => text);
  }

  partMissingIn(transport: Transport): string | undefined {
    return this.#parts.find(({ transports }) => !transports.includes(transport))?.text;
  }
}

function parse(template: string): { literals: string[]; parts: Part[] } {
  if (template === '') throw malformed(template, 'it is empty; write at least one character');
  const pieces = template.split(/(\{[^{}]*\})/u);
  const literals = pieces.filter((_, index) => index % 2 === 0);
  const stray = literals.find((literal) => /[{}]/u.test(literal));
  if (stray !== undefined)
    throw malformed(template, 'its braces do not match; use a key function for a key with literal braces');
  const fault = faultOfTexts(literals);
  if (fault !== undefined) throw malformed(template, fault);
  const texts = pieces.filter((_, index) => index % 2 === 1).map((piece) => piece.slice(1, -1));
  const parts = texts.map((text, index) =>
    toPart(template, text, literals[index + 1] ?? '', index === texts.length - 1),
  );
  return { literals, parts };
}

function toPart(template: string, text: string, following: string, isLast: boolean): Part {
  const [source = '', ...fields] = text.split('.');
  const isPosition = /^\d+$/u.test(source);
  if (source === '' || fields.includes('') || /[\s[\]()]/u.test(text))
    throw malformed(template, `{${text}} is no path; write it as in {params.id}`);
  if (!isPosition && !Object.hasOwn(SOURCES, source)) {
    const known = [...Object.keys(SOURCES), '0, 1, …'].join(', ');
    throw malformed(template, `{${text}} begins with none of ${known}`);
  }
  const isWhole = isPosition || source === 'ip' || source === 'data';
  if (fields.length === 0 && !isWhole)
    throw malformed(template, `{${text}} is an object; name a field, as in {${text}.id}`);
  const fault = isLast ? undefined : faultOfSeparator(`{${text}}`, following);
  if (fault !== undefined) throw malformed(template, fault);
  if (source === 'headers') fields[0] = (fields[0] ?? '').toLowerCase();
  const separator = isLast ? '' : separatorOf(following);
  return {
    text,
    transports: isPosition ? ALL : (SOURCES[source] ?? []),
    source: isPosition ? Number(source) : source,
    fields,
    separator,
  };
}

function valueOf(part: Part, context: LockKeyContext): string {
  const value = lookUp(part, context);
  const fault = faultOfPart(value);
  if (fault !== undefined) throw noKey(part, context, fault);
  return encodePart(value, part.separator);
}

function noKey({ text }: Part, { target }: LockKeyContext, why: string): LockKeyError {
  return new LockKeyError(`{${text}} of the key of ${target} ${why}`);
}

function lookUp(part: Part, context: LockKeyContext): unknown {
  const { transports, fields } = part;
  if (!transports.includes(context.transport)) {
    const remedy =
      context.transport === 'call'
        ? 'a plain call has its arguments: {0}, {0.id}'
        : `it comes by ${transports.join(' or ')}`;
    throw noKey(part, context, `does not exist in a call by ${context.transport}; ${remedy}.`);
  }
  let value = rootOf(part.source, context);
  for (const field of fields) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[field];
  }
  return value;
}

function rootOf(source: number | string, context: LockKeyContext): unknown {
  if (typeof source === 'number') return context.args[source];
  return source === 'args' ? context.data : context[source as 'params'];
}

function malformed(template: string, remedy: string): RedisLockOptionsError {
  return new RedisLockOptionsError({ option: 'key', value: printValue(template), remedy });
}
