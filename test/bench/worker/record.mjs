import { now } from './clock.mjs';

/** A library gives up at its last try, which may come a little before its time is over. */
const EARLY_MS = 100;

/** What callers went through: when each asked, got in and was done; what went wrong. */
export class Record {
  served = 0;
  failures = {};
  #deadline;
  #waitedInVain = [];
  #begun = [];
  #from = [];
  #to = [];
  #waiting = new Set();

  /** Whoever is not served by `deadline` counts as never served, not as a failure. */
  constructor(deadline = Infinity) {
    this.#deadline = deadline;
  }

  /** Runs one caller: waits, works, releases. Never throws. Resolves with whether it got in. */
  async run(acquire, work) {
    const caller = { begun: now() };
    this.#waiting.add(caller);
    try {
      const release = await acquire();
      const from = now();
      this.#waiting.delete(caller);
      await work();
      this.#begun.push(caller.begun);
      this.#from.push(from);
      this.#to.push(now());
      this.served += 1;
      await release();
      return true;
    } catch (error) {
      if (this.#waiting.delete(caller) && now() > this.#deadline - EARLY_MS)
        this.#waitedInVain.push(now() - caller.begun);
      else this.#fail(error);
      return false;
    }
  }

  /** Those who were not served count with the time that they have waited: to leave them out would flatter whoever starves them. */
  report() {
    const { served, failures } = this;
    const inVain = [...this.#waitedInVain, ...[...this.#waiting].map(({ begun }) => now() - begun)];
    const waits = Float64Array.from([...this.#from.map((from, index) => from - this.#begun[index]), ...inVain]);
    return {
      served,
      failures,
      unserved: inVain.length,
      stillWaiting: this.#waiting.size,
      waits,
      from: Float64Array.from(this.#from),
      to: Float64Array.from(this.#to),
    };
  }

  #fail(error) {
    const text = `${error?.name}: ${error?.message}`.replaceAll(/bench:[\d:]+/g, 'KEY').slice(0, 120);
    this.failures[text] = (this.failures[text] ?? 0) + 1;
  }
}
