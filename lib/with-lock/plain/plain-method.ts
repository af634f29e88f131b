import { LockedCall } from './locked-call.js';
import { iterateLocked } from './locked-iteration.js';
import type { LockedMethod } from '../locked-method.js';
import { callLocked, type Body } from './plain-call.js';

/** Calls a method outside of Nest's handlers, under its lock. */
type PlainCall = (method: LockedMethod, self: unknown, args: readonly unknown[], body: Body) => unknown;

/** How a method is called, by the tag that the language gives to its kind of function; a Proxy around one has the tag, too. */
const CALLS: Partial<Record<string, PlainCall>> = { AsyncFunction: callLocked, AsyncGeneratorFunction: iterateLocked };

export function plainCallOf(original: object): PlainCall {
  return CALLS[kindOf(original)] ?? LockedCall.begin;
}

/** Whether no caller can wait for what the method yields, so that it cannot be locked. */
export function isSyncGenerator(original: object): boolean {
  return kindOf(original) === 'GeneratorFunction';
}

function kindOf(original: object): string {
  return String((original as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]);
}
