import { StoreFailure } from '../engine/lock-store.interface.js';

/**
 * Codes of replies that stay the same until somebody changes something. All others pass: a server that starts, fails over or is full, and what
 * proxies say in words of their own. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and the server's own codes.
 */
const FINAL_CODES = new Set(['CROSSSLOT', 'NOAUTH', 'NOPERM', 'WRONGPASS', 'WRONGTYPE']);

/** The same, said in words behind the code ERR: by the server, by a proxy that does not know a command, and by Lua. */
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

/** What stands before the error that a script met, in Redis 6.2 and, of errors of Lua itself, in 7. */
const SCRIPT_POSITION = /^(?:-?ERR Error running script \([^)]*\): )?(?:@?user_script: ?\d+: )*/u;

/** Some errors repeat what was sent, and that may be an owner token or a password. */
const SENT = /,? with args beginning with:?.*/su;

/** Turns whatever the client threw into the port's one kind of error. */
export function toStoreFailure(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const cause = withoutCommand(error);
  // The connection broke, or the client gave the command up: it may have been executed, or may be yet.
  if (!isReply(cause)) return new StoreFailure(cause.message, { transient: true, applied: 'unknown', cause });
  // A script that was stopped in its middle may have done its first half.
  return new StoreFailure(explain(cause.message), { transient: !isFinal(cause.message), applied: 'unknown', cause });
}

/** The failure of one lock among several, told in the words of its error. */
export function toScriptFailure(message: string): StoreFailure {
  const error = new Error(message);
  error.name = 'ReplyError';
  return toStoreFailure(error);
}

/** What went wrong, without what was sent: ioredis hangs that on its errors, other keys and passwords included. */
export function withoutCommand(error: unknown): Error {
  const { name, message, code } = (error instanceof Error ? error : new Error(String(error))) as NodeJS.ErrnoException;
  // Where several addresses were tried, there is no message.
  const clean = new Error(message === '' ? (code ?? name) : message.replace(SENT, ''));
  clean.name = name;
  return clean;
}

/** Whether the server answered. By name, because there may be several copies of ioredis. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

export function isNoScript(error: unknown): boolean {
  return error instanceof Error && codeOf(error.message) === 'NOSCRIPT';
}

/** Whether the server will not do this for us, whoever logs in and however often it is asked. */
export function isForbidden({ message }: Error): boolean {
  return codeOf(message) === 'NOPERM' || FINAL_TEXTS.some((text) => text.test(message));
}

/** The key is in use for something else. */
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
