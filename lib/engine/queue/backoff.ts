import type { BusyOutcome } from '../lock-store.interface.js';

const FIRST_MS = 20;
const SPREAD = 0.25;

/** The mean of the longest rest. With its spread it is between 1.05 s and 1.75 s: one command per second at most, and two seconds at most until a lock is found free. */
export const REST_CAP_MS = 1_400;

/** Not more often than so does a caller look whether Redis is back, before its patience ends. */
const LAST_TRIES_MS = 100;

/** Contenders that wait for one lease to end must not all arrive in the same millisecond. */
const EXPIRY_JITTER_MS = 10;

/** How a process asked that is answered that the key is busy. */
export interface Asked {
  /** Whether the holder can wake it. */
  readonly isWakeable: boolean;
  /** Milliseconds after which it said to come again. */
  readonly comesAgainIn: number | undefined;
  /** Whether a wake-up came, or may have been lost, while the command was under way: it may have been answered before. */
  readonly wasWoken: boolean;
}

/** How long a process rests between two tries for one key. Spread by a quarter, so that processes do not keep step. */
export class Backoff {
  readonly #random: () => number;
  #step = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds to rest for a process that polls: 20, then twice as long each time, up to the longest rest. */
  poll(): number {
    const base = Math.min(FIRST_MS * 2 ** this.#step, REST_CAP_MS);
    this.#step += 1;
    return Math.ceil(base * (1 + SPREAD * (2 * this.#random() - 1)));
  }

  /** Milliseconds to rest while another has the key. A process that has said when it comes again does so then, not sooner: its turn is kept for that moment. */
  whileBusy({ remaining, wakes }: BusyOutcome, { isWakeable, comesAgainIn }: Asked): number {
    return isWakeable && wakes ? this.rest(remaining) : (comesAgainIn ?? this.pollFor(remaining));
  }

  /** Milliseconds to rest while Redis cannot be asked: a caller with `patience` milliseconds left must not sleep through its return. */
  whileBroken(patience: number): number {
    return Math.min(this.poll(), Math.max(LAST_TRIES_MS, patience / 2));
  }

  /** As `poll()`, but not longer than until a lease of `remaining` ms has ended; one that has ended already, less than 0, is of no account. */
  pollFor(remaining: number): number {
    return Math.min(this.poll(), remaining < 0 ? Infinity : this.afterExpiry(remaining));
  }

  /**
   * Milliseconds to rest for a process that is woken: until the lease in its way has ended, which is the moment to look if its holder is dead. A wake-up may be lost
   * all the same, so not longer than the longest rest; and a short lease may be renewed again and again, so not less than a process that polls, from the second time on.
   */
  rest(remaining: number): number {
    const least = this.#step === 0 ? 0 : this.poll();
    if (this.#step === 0) this.#step = 1;
    return Math.max(least, Math.min(this.afterExpiry(remaining), this.#longest()));
  }

  /** Milliseconds to the moment after a lease of `remaining` ms has ended, not the same for everyone. */
  afterExpiry(remaining: number): number {
    return Math.ceil(remaining + 1 + this.#random() * EXPIRY_JITTER_MS);
  }

  #longest(): number {
    return Math.ceil(REST_CAP_MS * (1 + SPREAD * (2 * this.#random() - 1)));
  }
}
