import { setTimeout as sleep } from 'node:timers/promises';
import { heapUsed, startMeter } from './client.mjs';
import { now } from './clock.mjs';
import { Record } from './record.mjs';

/** What one process holds and waits for, step by step as the parent tells it. */
export class Queue {
  #contestant;
  #held = [];
  #record;
  #meter;
  #all;

  constructor(contestant) {
    this.#contestant = contestant;
  }

  /** Gets hold of all `keys`. */
  async take({ keys, terms }) {
    this.#held = await Promise.all(keys.map((key) => this.#contestant.acquire(key, terms)));
  }

  /** Lets go of all that is held. Tells when it began. */
  async give() {
    const held = this.#held;
    this.#held = [];
    const meter = startMeter();
    const releasedAt = now();
    await Promise.all(held.map((release) => release()));
    return { releasedAt, ...meter() };
  }

  /** Begins to wait for all `keys`, one caller each. `keep`: what they get is held, otherwise released at once. */
  wait({ keys, keep, terms, heap }) {
    const before = heap && heapUsed();
    this.#record = new Record();
    this.#meter = startMeter();
    this.#all = Promise.all(keys.map((key) => this.#waitFor(key, keep, terms)));
    return { before };
  }

  /** What the waiting has cost so far. */
  cost({ heap }) {
    return { at: now(), ...this.#meter(), heap: heap && heapUsed() };
  }

  /** Waits until all are served, for `patience` ms at most. */
  async served({ patience }) {
    const late = new AbortController();
    await Promise.race([this.#all, sleep(patience, undefined, { signal: late.signal })]);
    late.abort();
    return { ...this.#record.report(), ...this.#meter() };
  }

  async #waitFor(key, keep, terms) {
    const acquire = async () => {
      const release = await this.#contestant.acquire(key, terms);
      return keep ? async () => this.#held.push(release) : release;
    };
    await this.#record.run(acquire, async () => undefined);
  }
}
