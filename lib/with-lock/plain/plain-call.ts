import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import { LockLostError } from '../../errors/lock-lost.error.js';
import { runHolding } from '../../engine/async-scope.js';
import type { RedisLockService } from '../../redis-lock.service.js';
import type { Lock } from '../../interfaces/lock.interface.js';
import { printValue } from '../../options/print-value.js';
import { admit, type Admission } from '../admission.js';
import { callContext } from './call-context.js';
import { isThenable } from '../thenable.js';
import type { LockedMethod } from '../locked-method.js';

/** Runs the method itself, with the lock that was taken for it. */
export type Body = (lock: Lock | undefined) => unknown;

/** Calls a method outside of Nest's handlers, under its lock. */
export async function callLocked(
  method: LockedMethod,
  self: unknown,
  args: readonly unknown[],
  body: Body,
): Promise<unknown> {
  const admission = await admitCall(method, self, args);
  if (admission.kind === 'instead') return admission.value;
  if (admission.kind === 'unprotected') return awaitable(method, body(undefined));
  return underLock(method, admission.lock, body);
}

/** Takes the lock for a plain call. */
export function admitCall(method: LockedMethod, self: unknown, args: readonly unknown[]): Promise<Admission> {
  return explained(method, () => admit(method, serviceOf(method, self), callContext(method.target, args)));
}

async function underLock(method: LockedMethod, lock: Lock, body: Body): Promise<unknown> {
  let result: unknown;
  try {
    result = await runHolding(lock, () => awaitable(method, body(lock)));
  } finally {
    await lock[Symbol.asyncDispose]();
  }
  await explained(method, () => assertKept(method, lock));
  return result;
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

function serviceOf({ serviceProperty, target }: LockedMethod, self: unknown): RedisLockService {
  const service = (self as { [property: symbol]: RedisLockService | undefined } | undefined)?.[serviceProperty];
  if (service !== undefined) return service;
  throw new RedisLockOptionsError({
    option: 'RedisLockModule',
    value: `missing on the instance that ${target} was called on`,
    remedy:
      'let Nest make the instance, as a provider or controller of a module, and in a unit test import RedisLockTestingModule',
  });
}
