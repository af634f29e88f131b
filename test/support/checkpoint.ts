import { deferred, type Deferred } from './deferred.js';
import { eventually } from './eventually.js';

/** A place in the code under test where every visitor waits until the test lets it go on, and is counted. */
export class Checkpoint {
  readonly #gates: Deferred[] = [];
  #isOpen = false;
  #inside = 0;
  #mostInside = 0;
  #arrivals = 0;

  /** How many have come here so far. */
  get arrivals(): number {
    return this.#arrivals;
  }

  get inside(): number {
    return this.#inside;
  }

  /** The most that were ever here at once. */
  get mostInside(): number {
    return this.#mostInside;
  }

  async pass(): Promise<void> {
    this.#arrivals += 1;
    this.#inside += 1;
    this.#mostInside = Math.max(this.#mostInside, this.#inside);
    try {
      if (this.#isOpen) return;
      const gate = deferred();
      this.#gates.push(gate);
      await gate.promise;
    } finally {
      this.#inside -= 1;
    }
  }

  async arrived(count = 1): Promise<void> {
    await eventually(() => this.#arrivals >= count);
  }

  /** Lets the one that has waited longest go on. */
  letOne(): void {
    this.#gates.shift()?.resolve();
  }

  /** Lets everyone go on, now and later. */
  open(): void {
    this.#isOpen = true;
    for (const gate of this.#gates.splice(0)) gate.resolve();
  }
}
