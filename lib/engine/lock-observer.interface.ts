import type { LockLostError } from '../errors/lock-lost.error.js';

/** Told of what no caller may be waiting for. */
export interface LockObserver {
  /** A lock was lost while a caller held it; once per lock. */
  lost(error: LockLostError): void;
  /** A release was not confirmed, and no caller waits to be told; it is repeated in the background. */
  releaseUnconfirmed(key: string, cause: unknown): void;
  /** The server refuses the inbox: from now on, waiting is polling. */
  wakeUpsRefused(refusal: Error): void;
  /** The inbox cannot be opened, time after time: until it can, waiting is polling. */
  wakeUpsFail(error: Error): void;
}

/** An observer that may throw: it must not get in the way of a lock. */
export function guarded(observer: LockObserver): LockObserver {
  return {
    lost: (error) => attempt(() => observer.lost(error)),
    releaseUnconfirmed: (key, cause) => attempt(() => observer.releaseUnconfirmed(key, cause)),
    wakeUpsRefused: (refusal) => attempt(() => observer.wakeUpsRefused(refusal)),
    wakeUpsFail: (error) => attempt(() => observer.wakeUpsFail(error)),
  };
}

function attempt(tell: () => void): void {
  try {
    tell();
  } catch {
    // No caller is left to be told.
  }
}
