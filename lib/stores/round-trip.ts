const SAMPLES = 16;

/** How long Redis takes to answer, without what this process and the server add when they are busy. */
export class RoundTrip {
  /** The least of the last full block of commands, and of the block that is not full yet. */
  #leastBefore = Infinity;
  #least = Infinity;
  #samples = 0;

  /** Milliseconds: the least of the last 16 to 31 commands that were answered, 0 before the first. */
  get least(): number {
    const least = Math.min(this.#leastBefore, this.#least);
    return least === Infinity ? 0 : least;
  }

  add(ms: number): void {
    if (this.#samples === SAMPLES) {
      this.#leastBefore = this.#least;
      this.#least = Infinity;
      this.#samples = 0;
    }
    this.#samples += 1;
    if (ms < this.#least) this.#least = ms;
  }
}
