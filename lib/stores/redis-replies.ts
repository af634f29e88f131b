import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import type { AcquireOutcome, RenewOutcome } from './lock-store.interface.js';
import { wrongType } from './redis-failure.js';

/** Replies of the acquire script. */
export function decodeAcquire(reply: number): AcquireOutcome {
  if (reply > 0) return { status: 'acquired', fencingToken: reply };
  if (reply === 0) throw wrongType();
  return { status: 'busy', remaining: reply === -1 ? Infinity : -2 - reply };
}

/** Replies of the renew script. */
export function decodeRenew(reply: number): RenewOutcome {
  if (reply === 1) return 'renewed';
  return reply === 0 ? 'expired' : 'stolen';
}

/** Replies of the release script. */
export function decodeRelease(reply: number, isResent: boolean): ReleaseOutcome {
  // A client that lost its connection sends the command again, and the first one has already removed the key, for others to take.
  if (reply === 1 || isResent) return 'released';
  return reply === 0 ? 'expired' : 'stolen';
}
