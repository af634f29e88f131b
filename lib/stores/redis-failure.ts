import { StoreFailure } from '../engine/lock-store.interface.js';

/**
 * Codes of errors that stay until a person changes something: a key, a password, a right. All others pass: those of a server that starts, fails over or
 * is full, and what proxies say in words of their own. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and the server's own codes.
 */
const FINAL_CODES = new Set(['CROSSSLOT', 'NOAUTH', 'NOPERM', 'WRONGPASS', 'WRONGTYPE']);

/** Errors that stay as well, and come as words behind the code ERR: from the server, from a proxy that does not know a command, and from Lua. */
const FINAL_TEXTS = [
  /\bun(?:known|supported) (?:redis )?(?:sub)?command\b/iu,
  /\bwrong number of arg/iu,
  /\berror compiling script\b/iu,
  /\bcluster support disabled\b/iu,
  /\bnot allowed from script\b/iu,
  /\bkeys that do not hash to the same slot\b/iu,
  /\b(?:operation not permitted|invalid password)\b/iu,
  /\battempt to (?:arithmetic|call|compare|concatenate|index|perform)\b|\bbad argument\b/u,
];

/** What Redis 6.2 puts before the error that a script met, and Redis 7 before an error of Lua itself. */
const SCRIPT_POSITION = /^(?:-?ERR Error running script \([^)]*\): )?(?:@?user_script: ?\d+: )*/u;

/** Where an error repeats the arguments that were sent, which may hold an owner token or a password. */
const SENT = /,? with args beginning with:?.*/su;

/** Turns what the client threw into the one kind of error that the engine knows. */
export function toStoreFailure(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const cause = withoutCommand(error);
  // The connection broke, or the client gave the command up: Redis may have executed it, or may do so later.
  if (!isReply(cause)) return new StoreFailure(cause.message, { transient: true, applied: 'unknown', cause });
  // Redis may have executed the first half of a script that failed.
  return new StoreFailure(explain(cause.message), { transient: !isFinal(cause.message), applied: 'unknown', cause });
}

/** The failure of one lock in a batch, from the text of its error. */
export function toScriptFailure(message: string): StoreFailure {
  const error = new Error(message);
  error.name = 'ReplyError';
  return toStoreFailure(error);
}

/** The error without the command that failed: ioredis puts that on its errors, other users' keys and passwords included. */
export function withoutCommand(error: unknown): Error {
  const { name, message, code } = (error instanceof Error ? error : new Error(String(error))) as NodeJS.ErrnoException;
  // Node gives no message when it has tried several addresses.
  const clean = new Error(message === '' ? (code ?? name) : message.replace(SENT, ''));
  clean.name = name;
  return clean;
}

/** Whether the server answered. Told by the error's name, because an app may have several copies of ioredis. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

export function isNoScript(error: unknown): boolean {
  return error instanceof Error && codeOf(error.message) === 'NOSCRIPT';
}

/** Whether the server refuses a command to this user for good, so that asking again is in vain. */
export function isForbidden({ message }: Error): boolean {
  return codeOf(message) === 'NOPERM' || FINAL_TEXTS.some((text) => text.test(message));
}

/** The failure of a lock whose key the app uses for other data. */
export function wrongType(): StoreFailure {
  const message =
    'the key holds data of another type (WRONGTYPE), so it collides with data; choose another key or keyPrefix';
  return new StoreFailure(message, { transient: false, applied: 'no' });
}

function isFinal(message: string): boolean {
  return FINAL_CODES.has(codeOf(message)) || FINAL_TEXTS.some((text) => text.test(message));
}

function codeOf(message: string): string {
  return /^-?([A-Z]+)\b/u.exec(message.replace(SCRIPT_POSITION, ''))?.[1] ?? '';
}

function explain(message: string): string {
  return codeOf(message) === 'WRONGTYPE' ? wrongType().message : message;
}
