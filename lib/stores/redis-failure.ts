import { StoreFailure } from './lock-store.interface.js';

/**
 * Replies of a server that is starting, failing over, overloaded or full: it will answer otherwise in a while.
 * Source: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors and the server's own error codes.
 */
const TRANSIENT_CODES = new Set([
  'BUSY',
  'CLUSTERDOWN',
  'FAILOVER',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNBLOCKED',
]);

/** Turns whatever the client threw into the port's one kind of error. */
export function toStoreFailure(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  if (!isReply(cause)) {
    // The connection broke, or the client gave the command up: it may have been executed, or may be yet.
    return new StoreFailure(cause.message, { transient: true, applied: 'unknown', cause });
  }
  const code = codeOf(cause);
  // A script that was stopped in its middle may have done its first half.
  return new StoreFailure(explain(code, cause.message), { transient: TRANSIENT_CODES.has(code), applied: 'unknown', cause });
}

export function isNoScript(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === 'NOSCRIPT';
}

/** By name, because there may be several copies of ioredis. */
function isReply(error: Error): boolean {
  return error.name === 'ReplyError';
}

function codeOf(error: Error): string {
  return /^-?([A-Z]+)\b/u.exec(error.message)?.[1] ?? '';
}

function explain(code: string, message: string): string {
  return code === 'WRONGTYPE' ? wrongType().message : message;
}

/** The key is in use for something else. */
export function wrongType(): StoreFailure {
  const message = 'the key holds data of another type (WRONGTYPE), so it collides with data; choose another key or keyPrefix';
  return new StoreFailure(message, { transient: false, applied: 'no' });
}
