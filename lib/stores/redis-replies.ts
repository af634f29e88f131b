import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import {
  StoreFailure,
  type AcquireAllOutcome,
  type AcquireOutcome,
  type BusyOutcome,
  type RelayOutcome,
  type RenewOutcome,
} from '../engine/lock-store.interface.js';
import { wrongType } from './redis-failure.js';

/** Replies of the acquire and contend scripts. */
export function decodeAcquire(reply: number, isResent: boolean): AcquireOutcome {
  if (reply > 0) return { status: 'acquired', fencingToken: reply, isResent };
  if (reply === 0) throw wrongType();
  const twice = -2 - reply;
  return reply === -1
    ? { status: 'busy', remaining: Infinity, wakes: false, isResent }
    : { status: 'busy', remaining: Math.floor(twice / 2), wakes: twice % 2 === 0, isResent };
}

/** Replies of the acquire-all script for these keys. */
export function decodeAcquireAll(replies: unknown, keys: readonly string[], isResent: boolean): AcquireAllOutcome {
  // Some clients are set to hand out numbers as strings.
  const [which = NaN, reply = NaN] = Array.isArray(replies) ? replies.map(Number) : [];
  if (!Number.isSafeInteger(reply) || which >= keys.length)
    throw new StoreFailure('a script was answered with something else than two integers', {
      transient: false,
      applied: 'unknown',
    });
  if (which === 0) return decodeAcquire(reply, isResent);
  return {
    status: 'elsewhere',
    key: keys[which] ?? '',
    why: reply === 0 ? wrongType() : (decodeAcquire(reply, isResent) as BusyOutcome),
    isResent,
  };
}

/** Replies of the relay script. */
export function decodeRelay(reply: number, isResent: boolean): RelayOutcome {
  // It may be executed once more, when one of ours holds the lock again, and would pass it on.
  if (reply > 0 && isResent)
    throw new StoreFailure('the connection broke meanwhile', { transient: true, applied: 'unknown' });
  if (reply > 0) return { status: 'kept', fencingToken: reply };
  if (reply === -4) return { status: 'opened' };
  if (reply === -3) return { status: 'wanted' };
  if (reply === -2) return { status: 'passed' };
  return { status: reply === 0 ? 'expired' : 'stolen' };
}

/** Replies of the renew script. */
export function decodeRenew(reply: number, isResent: boolean): RenewOutcome {
  if (reply === 1) return isResent ? 'resent' : 'renewed';
  return reply === 0 ? 'expired' : 'stolen';
}

/** Replies of the release script. */
export function decodeRelease(reply: number, isResent: boolean): ReleaseOutcome {
  // A client that lost its connection sends the command again, and the first one has already removed the key, for others to take.
  if (reply === 1 || isResent) return 'released';
  return reply === 0 ? 'expired' : 'stolen';
}
