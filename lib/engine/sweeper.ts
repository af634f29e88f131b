import { COMMAND_TIMEOUT_MS } from '../redis-lock.constants.js';
import { asStoreFailure, within } from './give-time.js';
import type { LockStore } from '../stores/lock-store.interface.js';
import type { Clock } from './clock.js';

const RETRY_MS = 50;
const RETRY_CAP_MS = 1_000;
/** How long after its lease must have ended a value is still looked for: a client may have held the command back that long. */
const GIVE_UP_FACTOR = 2;

/**
 * Removes values that may be in Redis although nobody holds them: acquires whose outcome is unknown, releases that were not confirmed. Each
 * removal is a compare-and-delete, so it can come late and often without harm.
 */
export class Sweeper {
  readonly #store: LockStore;
  readonly #clock: Clock;
  readonly #pending = new Set<Promise<void>>();
  #isStopped = false;

  constructor(store: LockStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Removes `value` from `key`, now if possible, else as soon as the store answers again. */
  sweep(key: string, value: string, ttl: number): void {
    const work: Promise<void> = this.#sweep(key, value, this.#clock.now() + ttl * GIVE_UP_FACTOR).finally(() => this.#pending.delete(work));
    this.#pending.add(work);
  }

  /** Ends when nothing is left to sweep. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** Gives up what is left. */
  stop(): void {
    this.#isStopped = true;
  }

  async #sweep(key: string, value: string, giveUpAt: number): Promise<void> {
    for (let delay = RETRY_MS; !this.#isStopped; delay = Math.min(delay * 2, RETRY_CAP_MS)) {
      try {
        await within(this.#clock, COMMAND_TIMEOUT_MS, this.#store.release(key, value, 0));
        return;
      } catch (error) {
        if (!asStoreFailure(error).transient || this.#clock.now() >= giveUpAt) return;
      }
      await new Promise<void>((resolve) => this.#clock.setTimer(delay, resolve, 'background'));
    }
  }
}
