const FIRST_MS = 20;
const CAP_MS = 1_400;
const SPREAD = 0.25;
/** Contenders that wait for one lease to end must not all arrive in the same millisecond. */
const EXPIRY_JITTER_MS = 10;

/**
 * How long to rest between two tries: doubling from 20 ms, spread by a quarter so that processes do not keep step, and past the cap never
 * more often than once a second.
 */
export class Backoff {
  readonly #random: () => number;
  #step = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds to rest; no longer than the holder's lease lasts. */
  next(remaining: number): number {
    const base = Math.min(FIRST_MS * 2 ** this.#step, CAP_MS);
    this.#step += 1;
    const spread = base * (1 + SPREAD * (2 * this.#random() - 1));
    return Math.min(Math.ceil(spread), afterExpiry(remaining, this.#random));
  }
}

/** Milliseconds to the moment after a lease of `remaining` ms has ended, not the same for everyone. */
export function afterExpiry(remaining: number, random: () => number): number {
  return Math.ceil(remaining + 1 + random() * EXPIRY_JITTER_MS);
}
