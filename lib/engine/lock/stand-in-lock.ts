import { LockLostError } from '../../errors/lock-lost.error.js';
import type { ReleaseOutcome } from '../../interfaces/lock.interface.js';
import type { ScopedLock } from './lock-handle.js';

let lastToken = 0;

/** What a test that does not care for locks gets in place of one: held until it is released, never lost, and nobody is kept out. */
export class StandInLock implements ScopedLock {
  readonly keys: readonly string[];
  readonly fencingToken = (lastToken += 1);
  readonly signal: AbortSignal = new AbortController().signal;
  readonly expiresAt = Number.MAX_SAFE_INTEGER;
  readonly loss = undefined;
  #isReleased = false;

  constructor(
    readonly realm: object,
    readonly key: string,
  ) {
    this.keys = [key];
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  get isHeld(): boolean {
    return !this.#isReleased;
  }

  extend(): Promise<void> {
    if (this.isHeld) return Promise.resolve();
    return Promise.reject(new LockLostError({ key: this.key, reason: 'expired' }));
  }

  release(): Promise<ReleaseOutcome> {
    this.#isReleased = true;
    return Promise.resolve('released');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  share(): ScopedLock {
    return this;
  }
}
