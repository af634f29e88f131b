import type { ReleaseOutcome } from '../../interfaces/lock.interface.js';
import type { LockStore, StoreFailure } from '../lock-store.interface.js';
import type { Clock } from '../time/clock.js';
import { withDeadline } from '../time/deadline.js';
import type { Lease } from './lease.js';
import type { OrphanSweeper } from './orphan-sweeper.js';

/** Hears what became of a lease that is given back. */
export interface GiveBackEnd {
  readonly onDone: (outcome: ReleaseOutcome) => void;
  /** It was not confirmed, and is going to be repeated in the background. */
  readonly onFailed: (failure: StoreFailure) => void;
}

const UNHEARD: GiveBackEnd = { onDone: () => undefined, onFailed: () => undefined };

/** What is on its way back to Redis: leases, of which each is confirmed, or swept until it is, and places in queues. */
export class GiveBacks {
  readonly #store: LockStore;
  readonly #clock: Clock;
  readonly #sweeper: OrphanSweeper;
  #underWay = 0;
  #onSettled: () => void = () => undefined;

  constructor(store: LockStore, clock: Clock, sweeper: OrphanSweeper) {
    this.#store = store;
    this.#clock = clock;
    this.#sweeper = sweeper;
  }

  /** Gives the lease back; its key stays taken until `keepUntil` on the monotonic clock, 0 for no longer. */
  start(lease: Lease, keepUntil: number, { onDone, onFailed }: GiveBackEnd = UNHEARD): void {
    const { key, value, ttl } = lease;
    const keepFor = keepUntil === 0 ? 0 : Math.max(0, Math.ceil(keepUntil - this.#clock.now()));
    this.#underWay += 1;
    withDeadline(this.#clock, this.#store.commandTimeout, lease.giveBack(keepFor), {
      onDone: (outcome) => {
        this.#end();
        onDone(outcome);
      },
      onFailed: (failure) => {
        this.#sweeper.sweep({ key, value, ttl, keepUntil, mayComeYet: false });
        this.#end();
        onFailed(failure);
      },
    });
  }

  /** Takes this process out of the queue of the key. Left undone, it costs the others one reservation that is not taken. */
  leave(key: string): void {
    this.#underWay += 1;
    const end = (): void => this.#end();
    withDeadline(this.#clock, this.#store.commandTimeout, this.#store.leave(key), { onDone: end, onFailed: end });
  }

  /** Ends when none is under way. */
  async settled(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }

  #end(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onSettled();
  }
}
