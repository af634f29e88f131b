/** Taken before fake timers replace it: a batch goes out at the end of the real turn of the event loop. */
const nextTick = process.nextTick.bind(process);

interface Flushable {
  flush(): Promise<unknown> | undefined;
}

/**
 * Decides when batches are sent: at once while nothing is under way, so that a lone caller loses no time; else at the end of the turn of the
 * event loop, so that a crowd travels together.
 */
export class BatchScheduler {
  readonly #batches: readonly Flushable[];
  #underWay = 0;
  #isDue = false;

  /** `batches` are sent in this order. */
  constructor(batches: readonly Flushable[]) {
    this.#batches = batches;
  }

  /** Something was added. */
  schedule(): void {
    if (this.#isDue) return;
    if (this.#underWay === 0) return this.#flush();
    this.#isDue = true;
    nextTick(() => {
      this.#isDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (const batch of this.#batches) {
      const answered = batch.flush();
      if (answered === undefined) continue;
      this.#underWay += 1;
      void answered.then(() => (this.#underWay -= 1));
    }
  }
}
