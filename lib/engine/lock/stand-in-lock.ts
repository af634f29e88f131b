import { LockLostError } from '../../errors/lock-lost.error.js';
import type { Lock, ReleaseOutcome } from '../../interfaces/lock.interface.js';

let lastToken = 0;

/** What a handle stands for in a test that does not care for locks: held until it is released, never lost, and no other caller is kept out. */
export class StandInLock {
  readonly keys: readonly string[];
  readonly fencingToken = (lastToken += 1);
  readonly signal: AbortSignal = new AbortController().signal;
  readonly expiresAt = Number.MAX_SAFE_INTEGER;
  readonly isHeld = true;
  readonly loss = undefined;

  constructor(
    readonly realm: object,
    readonly key: string,
  ) {
    this.keys = [key];
  }

  extendFor(holder: Pick<Lock, 'isHeld'>): Promise<void> {
    if (holder.isHeld) return Promise.resolve();
    return Promise.reject(new LockLostError({ key: this.key, reason: 'expired' }));
  }

  enter(): void {
    return undefined;
  }

  leave(): Promise<ReleaseOutcome> {
    return Promise.resolve('released');
  }

  tellUnconfirmed(): void {
    return undefined;
  }
}
