const SAMPLES = 16;

/** How long Redis takes to answer, without what this process and the server add when they are busy. */
export class RoundTrip {
  readonly #samples = new Float64Array(SAMPLES).fill(Infinity);
  #next = 0;
  #least = Infinity;

  /** Milliseconds: the least of the last commands that were answered, 0 before the first. */
  get least(): number {
    return this.#least === Infinity ? 0 : this.#least;
  }

  add(ms: number): void {
    const evicted = this.#samples[this.#next];
    this.#samples[this.#next] = ms;
    this.#next = (this.#next + 1) % SAMPLES;
    if (ms <= this.#least) this.#least = ms;
    else if (evicted === this.#least) this.#least = Math.min(...this.#samples);
  }
}
