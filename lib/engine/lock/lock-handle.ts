import type { LockLostError } from '../../errors/lock-lost.error.js';
import type { Lock, ReleaseOutcome } from '../../interfaces/lock.interface.js';

/** What a lock in an async context tells of itself. */
export interface ScopedLock extends Lock {
  /** Tells the locks of one engine from those of another. */
  readonly realm: object;
  readonly isReleased: boolean;
  readonly loss: LockLostError | undefined;
  share(): ScopedLock;
}

/** A lock that several may hold. */
export interface ShareableLock extends ScopedLock {
  /** Whether any of its holders still holds it. */
  readonly isAlive: boolean;
  /** Starts the lease anew, if `holder` is one that holds it. */
  extendFor(holder: ScopedLock, ttl?: number): Promise<void>;
  /** One holder less; the last one gives the lock back. */
  leave(): Promise<ReleaseOutcome>;
  /** Nobody is there to hear that a release failed. */
  tellUnconfirmed(error: unknown): void;
}

/** One of several holders of the same lock, which lives until the last of them has released it. */
export class SharedLock implements ScopedLock {
  readonly #lock: ShareableLock;
  #outcome: Promise<ReleaseOutcome> | undefined;

  constructor(lock: ShareableLock) {
    this.#lock = lock;
  }

  get key(): string {
    return this.#lock.key;
  }

  get keys(): readonly string[] {
    return this.#lock.keys;
  }

  get fencingToken(): number {
    return this.#lock.fencingToken;
  }

  get signal(): AbortSignal {
    return this.#lock.signal;
  }

  get isHeld(): boolean {
    return this.#outcome === undefined && this.#lock.isAlive;
  }

  get expiresAt(): number {
    return this.#lock.expiresAt;
  }

  get realm(): object {
    return this.#lock.realm;
  }

  get isReleased(): boolean {
    return this.#outcome !== undefined;
  }

  get loss(): LockLostError | undefined {
    return this.#lock.loss;
  }

  extend(ttl?: number): Promise<void> {
    return this.#lock.extendFor(this, ttl);
  }

  release(): Promise<ReleaseOutcome> {
    return (this.#outcome ??= this.#lock.leave());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      this.#lock.tellUnconfirmed(error);
    }
  }

  share(): ScopedLock {
    return this.#lock.share();
  }
}
