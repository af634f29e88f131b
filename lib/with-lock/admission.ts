import type { Cancellation, StopSignal } from '../engine/cancellation.js';
import { LockBackendError } from '../errors/lock-backend.error.js';
import { LockClosedError } from '../errors/lock-closed.error.js';
import { RedisLockOptionsError } from '../errors/redis-lock-options.error.js';
import { LockNotAcquiredError } from '../errors/lock-not-acquired.error.js';
import type { Lock } from '../interfaces/lock.interface.js';
import type { LockBusyContext, LockKeyContext } from '../interfaces/with-lock-options.interface.js';
import type { RedisLockService, StoppableLocks } from '../redis-lock.service.js';
import { LockLogger } from '../redis-lock.logger.js';
import { isThenable } from './thenable.js';
import type { LockedMethod } from './locked-method.js';

/** How a call may go on: with its lock, or (because the user said so) without one, or with a value in place of the method's. */
export type Admission =
  | { readonly kind: 'locked'; readonly lock: Lock }
  | { readonly kind: 'unprotected' }
  | { readonly kind: 'instead'; readonly value: unknown };

const logger = new LockLogger();

/** Methods that are skipped since Redis cannot be asked: each tells of it once, until it gets its lock again. */
const skipping = new Set<LockedMethod>();

/** Takes the lock for one call, and applies what the decorator says of a busy lock and a broken Redis. `wait` stops the waiting. */
export function admit(
  method: LockedMethod,
  service: RedisLockService,
  context: LockKeyContext,
  wait?: Cancellation,
): Promise<Admission> {
  if (service.isPassThrough) return Promise.resolve({ kind: 'locked', lock: service.standIn(method.target) });
  // Not async: each promise more is time in every call.
  try {
    const acquired = (service as StoppableLocks).acquire(
      method.keys.keysOf(context),
      method.lockOptions,
      joined(wait, method.lockOptions.signal),
    );
    if (!isThenable(acquired)) throw noLock(method, 'returned nothing to wait for');
    return acquired.then(
      (lock) => {
        if (!isLock(lock)) throw noLock(method, 'gave something that is no lock');
        if (skipping.size > 0) skipping.delete(method);
        return { kind: 'locked', lock };
      },
      (error: unknown) => refused(method, context, error),
    );
  } catch (error) {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- thrown by the key function
    return Promise.reject(error);
  }
}

/** Test doubles: what the types promise, a mock need not keep. */
function isLock(lock: unknown): boolean {
  const { keys, signal, [Symbol.asyncDispose]: dispose } = (lock ?? {}) as Partial<Lock>;
  return Array.isArray(keys) && typeof signal?.aborted === 'boolean' && typeof dispose === 'function';
}

function noLock({ target }: LockedMethod, what: string): RedisLockOptionsError {
  const remedy =
    'a mock of it does not do; use RedisLockTestingModule or useLocksInMemory() of nestjs-redis-lock/testing, with passThrough where locks do not matter';
  return new RedisLockOptionsError({
    option: 'RedisLockService',
    value: `one whose acquire() ${what}, for ${target}`,
    remedy,
  });
}

function refused(method: LockedMethod, context: LockKeyContext, error: unknown): Admission | Promise<Admission> {
  if (error instanceof LockNotAcquiredError) {
    skipping.delete(method);
    return onBusy(method, context, error);
  }
  if (error instanceof LockBackendError) return onBackendError(method, error);
  // Who skips what is busy skips what is shutting down: a timer or an emitter has nobody to tell.
  if (error instanceof LockClosedError && method.policy.onBusy === 'skip') return { kind: 'instead', value: undefined };
  throw error;
}

async function onBusy(method: LockedMethod, context: LockKeyContext, error: LockNotAcquiredError): Promise<Admission> {
  const { onBusy: answer } = method.policy;
  if (answer === 'throw') throw error;
  if (answer === 'skip') return { kind: 'instead', value: undefined };
  // The context of a handler is made of getters, which a spread would all call.
  const busy = Object.create(context, { error: { value: error, enumerable: true } }) as LockBusyContext;
  return { kind: 'instead', value: await answer(busy) };
}

function onBackendError(method: LockedMethod, error: LockBackendError): Admission {
  const { policy, target } = method;
  if (policy.onBackendError === 'throw') throw error;
  if (policy.onBackendError === 'skip') {
    if (!skipping.has(method)) logger.skipped(target, error);
    skipping.add(method);
    return { kind: 'instead', value: undefined };
  }
  logger.unprotected(target, error);
  return { kind: 'unprotected' };
}

function joined(wait: Cancellation | undefined, signal: AbortSignal | undefined): StopSignal | undefined {
  return wait === undefined || signal === undefined ? wait : AbortSignal.any([signal, wait.toAbortSignal()]);
}
