import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import { LockLostError } from '../../errors/lock-lost.error.js';
import { runHolding } from '../../engine/async-scope.js';
import type { RedisLockService } from '../../redis-lock.service.js';
import type { Lock } from '../../interfaces/lock.interface.js';
import { printValue } from '../../options/print-value.js';
import { admit, type Admission } from '../admission.js';
import { callContext } from './call-context.js';
import { isThenable } from '../thenable.js';
import { findLocks } from './find-locks.js';
import type { LockedMethod } from '../locked-method.js';

/** Runs the method itself, with the lock that was taken for it. */
export type Body = (lock: Lock | undefined) => unknown;

/** Calls a method outside of Nest's handlers, under its lock. One function, because each that is async is a promise more in every call. */
export async function callLocked(
  method: LockedMethod,
  self: unknown,
  args: readonly unknown[],
  body: Body,
): Promise<unknown> {
  let admission: Admission;
  try {
    admission = await admit(method, serviceOf(method, self), callContext(method.target, args));
  } catch (error) {
    throw await method.explain(error);
  }
  if (admission.kind === 'instead') return admission.value;
  if (admission.kind === 'unprotected') return awaitable(method, body(undefined));
  const { lock } = admission;
  let result: unknown;
  try {
    result = await runHolding(lock, () => awaitable(method, body(lock)));
  } finally {
    await lock[Symbol.asyncDispose]();
  }
  if (method.policy.onLost === 'reject') await explained(method, () => assertKept(method, lock));
  return result;
}

/** Takes the lock for a plain call whose result is iterated. */
export function admitIteration(method: LockedMethod, self: unknown, args: readonly unknown[]): Promise<Admission> {
  return explained(method, () => admit(method, serviceOf(method, self), callContext(method.target, args)));
}

/** Gives the lock errors of `work`, which throws no others, the form that the caller needs. */
export async function explained<T>(method: LockedMethod, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await method.explain(error);
  }
}

/** `onLost: 'reject'` puts the loss in the place of a result, never in the place of an error. */
export function assertKept(method: LockedMethod, lock: Lock): void {
  if (method.policy.onLost !== 'reject' || !lock.signal.aborted) return;
  const reason: unknown = lock.signal.reason;
  throw reason instanceof Error ? reason : new LockLostError({ key: lock.key, reason: 'expired' });
}

/** Refuses a method that returns no promise: under the lock its callers get one, and do not expect it. */
function awaitable(method: LockedMethod, result: unknown): PromiseLike<unknown> {
  if (isThenable(result)) return result;
  const remedy = 'a method under @WithLock() that is called directly must return a promise; make it async';
  throw new RedisLockOptionsError({
    option: method.target,
    value: `a method that returned ${printValue(result)}`,
    remedy,
  });
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown, unknown, unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}

function serviceOf(method: LockedMethod, self: unknown): RedisLockService {
  return (
    (self as { [property: symbol]: RedisLockService | undefined } | undefined)?.[method.serviceProperty] ??
    findLocks(method, self)
  );
}
