/** A lead of the wall clock that grows by less between two looks is its resolution, or a clock that is set right little by little. */
const LEAST_JUMP_MS = 50;

/** Between two looks at the wall clock: it costs as much as everything else of a look at the time. */
const LOOK_EVERY_MS = 1;

/**
 * Milliseconds that pass, also while the machine is suspended: there the monotonic clock of Node stands still and the wall clock does not. So what the
 * wall clock gains at once counts as time that passed. One that is set forward costs a lease before its time; one that is set back costs nothing.
 *
 * Source: CLOCK_MONOTONIC and CLOCK_BOOTTIME in clock_gettime(2).
 */
export class AwakeTime {
  #lead = Date.now() - performance.now();
  #slept = 0;
  #lookedAt = performance.now();

  now(): number {
    const monotonic = performance.now();
    if (monotonic - this.#lookedAt >= LOOK_EVERY_MS) this.#look(monotonic);
    return monotonic + this.#slept;
  }

  #look(monotonic: number): void {
    this.#lookedAt = monotonic;
    const lead = Date.now() - monotonic;
    const gained = lead - this.#lead;
    this.#lead = lead;
    if (gained >= LEAST_JUMP_MS) this.#slept += gained;
  }
}
