import type { LockStore } from '../lock-store.interface.js';
import type { Clock } from '../time/clock.js';
import { asStoreFailure } from '../time/deadline.js';

const RETRY_MS = 50;
const RETRY_CAP_MS = 1_000;

/** How long after its lease must have ended a value is still looked for: a client may have held the command back that long. */
const GIVE_UP_FACTOR = 2;

/** When a value is looked for again whose command may still be on its way, over a connection that the process has lost: milliseconds after the time before. */
const REVISITS_MS = [1_000, 4_000];

/** Beyond so many at a time a value is left to the end of its lease. */
const MAX_SWEEPS = 10_000;

/** A value that may be in Redis although no caller holds its key. */
export interface Orphan {
  readonly key: string;
  readonly value: string;
  readonly ttl: number;
  /** Until when the key stays taken, on the monotonic clock; 0 for no longer. */
  readonly keepUntil?: number;
  /** Whether the command that puts it there may come yet. */
  readonly mayComeYet: boolean;
}

/**
 * Removes values that may be in Redis although no caller holds their keys: acquires whose outcome is unknown, releases that were not confirmed. Each
 * removal is a compare-and-delete, so it can come late and often without harm.
 */
export class OrphanSweeper {
  readonly #store: LockStore;
  readonly #clock: Clock;
  readonly #pending = new Set<Promise<void>>();
  #revisits = 0;
  #isStopped = false;

  constructor(store: LockStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** As `sweep()`, for each of them. */
  sweepAll(orphans: readonly Orphan[]): void {
    for (const orphan of orphans) this.sweep(orphan);
  }

  /** Removes the value, now if possible, else as soon as the store answers again. */
  sweep(orphan: Orphan): void {
    if (this.#pending.size >= MAX_SWEEPS) return;
    const work: Promise<void> = this.#sweep(orphan).finally(() => {
      this.#pending.delete(work);
      if (orphan.mayComeYet) this.revisit(orphan);
    });
    this.#pending.add(work);
  }

  /** Removes the value if it comes to Redis in the next seconds. */
  revisit(orphan: Orphan): void {
    if (this.#revisits >= MAX_SWEEPS) return;
    this.#revisits += 1;
    void this.#revisit(orphan).finally(() => (this.#revisits -= 1));
  }

  /** Ends when nothing is left to sweep; never, while the store does not answer. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** Gives up what is left. */
  stop(): void {
    this.#isStopped = true;
  }

  async #sweep(orphan: Orphan): Promise<void> {
    const giveUpAt = this.#clock.now() + orphan.ttl * GIVE_UP_FACTOR;
    for (let delay = RETRY_MS; !this.#isStopped; delay = Math.min(delay * 2, RETRY_CAP_MS)) {
      try {
        // However long that takes: another one beside it would meet the same connection.
        await this.#remove(orphan);
        return;
      } catch (error) {
        if (!asStoreFailure(error).transient || this.#clock.now() >= giveUpAt) return;
      }
      await this.#sleep(delay);
    }
  }

  async #revisit(orphan: Orphan): Promise<void> {
    for (const delay of REVISITS_MS) {
      await this.#sleep(delay);
      if (this.#isStopped) return;
      await this.#remove(orphan).catch(() => undefined);
    }
  }

  #remove({ key, value, keepUntil = 0 }: Orphan): Promise<unknown> {
    const keepFor = Math.max(0, Math.ceil(keepUntil - this.#clock.now()));
    return this.#store.release(key, value, keepUntil === 0 ? 0 : keepFor);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise<void>((resolve) => this.#clock.setTimer(ms, resolve, 'background'));
  }
}
