import { LockQueueFullError } from '../../errors/lock-queue-full.error.js';
import type { Phase } from './cohort-phase.js';
import type { Waiter } from './waiter.js';
import type { WaiterQueue } from './waiter-queue.js';

/** What a caller meets that comes now. */
export interface Scene {
  readonly phase: Phase;
  readonly waiters: WaiterQueue;
  readonly maxWaiters: number;
}

/** Why a caller is sent away that comes now; `undefined` when it may join those who wait. */
export function refusalFor(
  waiter: Waiter,
  { phase, waiters, maxWaiters }: Scene,
): { readonly reason: unknown } | undefined {
  const { key, terms } = waiter.request;
  if (terms.signal?.aborted === true) return { reason: terms.signal.reason };
  // Redis has not told yet who is in the way: its answer to the head is for all who try once.
  const isUnknown = phase.name === 'asking' && waiters.obstacle.kind === 'none';
  if (phase.name === 'idle' || (isUnknown && waiter.triesOnce)) return undefined;
  if (waiter.triesOnce) return { reason: waiters.errorFor(waiter) };
  const behind = waiters.size - (isUnknown ? 1 : 0);
  return behind >= maxWaiters ? { reason: new LockQueueFullError(key, maxWaiters) } : undefined;
}
