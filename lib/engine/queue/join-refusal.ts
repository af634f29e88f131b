import { LockQueueFullError } from '../../errors/lock-queue-full.error.js';
import type { Phase } from './cohort-phase.js';
import type { Waiter } from './waiter.js';
import type { WaiterQueue } from './waiter-queue.js';

/** Why a caller is sent away that comes now; `undefined` when it may join those who wait. */
export function refusalFor(
  waiter: Waiter,
  phase: Phase,
  waiters: WaiterQueue,
): { readonly reason: unknown } | undefined {
  const { key, terms } = waiter.request;
  if (terms.signal?.aborted === true) return { reason: terms.signal.reason };
  // Redis has not told yet who is in the way: its answer to the head is for all who try once.
  const isUnknown = phase.name === 'asking' && waiters.obstacle.kind === 'none';
  if (phase.name === 'idle' || (isUnknown && waiter.triesOnce)) return undefined;
  if (waiter.triesOnce) return { reason: waiters.errorFor(waiter) };
  const { size, maxWaiters } = waiters;
  return size - (isUnknown ? 1 : 0) >= maxWaiters ? { reason: new LockQueueFullError(key, maxWaiters) } : undefined;
}
