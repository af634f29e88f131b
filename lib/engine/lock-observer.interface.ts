import type { LockLostError } from '../errors/lock-lost.error.js';

/** Told of what nobody may be waiting for. Must not throw. */
export interface LockObserver {
  /** A lock was lost while somebody held it; once per lock. */
  lost(error: LockLostError): void;
  /** A release was not confirmed and nobody is there to be told; it is repeated in the background. */
  releaseUnconfirmed(key: string, cause: unknown): void;
  /** The server refuses the inbox: from now on, waiting is polling. */
  wakeUpsRefused(refusal: Error): void;
}
