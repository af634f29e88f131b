import type { Clock } from '../time/clock.js';

/** How often, and for how long, a process that has a key without an end leaves it free: half a percent of its time. */
const EVERY_MS = 2_000;
export const OPENING_MS = 10;

/** Programs that use a key without this package stand in no queue. So that they come in at all, each process lets go of a key from time to time. */
export class Opening {
  readonly #clock: Clock;
  #dueAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dueAt = clock.now() + EVERY_MS;
  }

  get isDue(): boolean {
    return this.#clock.now() >= this.#dueAt;
  }

  /** It was open. */
  onOpened(): void {
    this.#dueAt = this.#clock.now() + EVERY_MS;
  }
}
