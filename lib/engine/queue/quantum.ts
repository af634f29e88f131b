/** How long one process may keep a lock for its own callers before it asks whether another process waits. */
export interface QuantumTerms {
  /** Hand-overs from caller to caller. */
  readonly handOvers: number;
  /** Milliseconds since the lock was taken, or since it was last asked. */
  readonly ms: number;
}

/** What is left of the quantum of one lease: it bounds how long other processes wait, and how long one turn of the event loop lasts. */
export class Quantum {
  readonly #terms: QuantumTerms;
  #left: number;
  #endsAt: number;

  /** `now`, here and below: on the monotonic clock. */
  constructor(terms: QuantumTerms, now: number) {
    this.#terms = terms;
    this.#left = terms.handOvers;
    this.#endsAt = now + terms.ms;
  }

  /** Takes one hand-over; `false` when the quantum is used up. */
  take(now: number): boolean {
    if (this.#left === 0 || now >= this.#endsAt) return false;
    this.#left -= 1;
    return true;
  }

  renew(now: number): void {
    this.#left = this.#terms.handOvers;
    this.#endsAt = now + this.#terms.ms;
  }
}
