import type { LockLostError } from '../../errors/lock-lost.error.js';
import type { Lock, ReleaseOutcome } from '../../interfaces/lock.interface.js';
import type { HeldLock } from './held-lock.js';
import type { StandInLock } from './stand-in-lock.js';

/** What one holder has of a lock that is held, perhaps by others too: its own to release, once. */
export class LockHandle implements Lock {
  readonly #lock: HeldLock | StandInLock;
  #outcome: Promise<ReleaseOutcome> | undefined;

  /** From now on `lock` has one holder more. */
  constructor(lock: HeldLock | StandInLock) {
    this.#lock = lock;
    lock.enter();
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
    return this.#outcome === undefined && this.#lock.isHeld;
  }

  get expiresAt(): number {
    return this.#lock.expiresAt;
  }

  /** Tells the locks of one engine from those of another. */
  get realm(): object {
    return this.#lock.realm;
  }

  get isReleased(): boolean {
    return this.#outcome !== undefined;
  }

  /** Why it was lost, if it was. */
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

  /** A handle for one more holder. */
  share(): LockHandle {
    return new LockHandle(this.#lock);
  }
}
