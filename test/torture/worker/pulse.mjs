import { now } from '../clock.mjs';
import { tell } from './link.mjs';

const TICK_MS = 25;
/** A tick that is later than this was a pause: the process was stopped, blocked, or got no CPU. */
const LATE_MS = 15;
const TICKS_PER_BEAT = 3;

/**
 * Tells the parent, several times a second, which sections are still held, when this process did not run, and how long callers waited beyond
 * what they had asked for.
 */
export class Pulse {
  #held = new Map();
  #pauses = [];
  /** Pauses that a wait may overlap which is told later. */
  #recentPauses = [];
  #waits = new Set();
  #counts = {};
  #lastTick = now();
  #ticks = 0;

  start() {
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  watch(id, lock) {
    this.#held.set(id, lock);
  }

  unwatch(id) {
    this.#held.delete(id);
  }

  count(name) {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  /** A call of `acquire` begins; the function returned tells that it is over. A call that never ends shows all the same. */
  waiting(calledAt, willing, plan) {
    const wait = { from: calledAt + willing, to: undefined, isTry: willing === 0, plan };
    this.#waits.add(wait);
    return () => (wait.to = now());
  }

  #tick() {
    const at = now();
    if (at - this.#lastTick > TICK_MS + LATE_MS) this.#pauses.push([this.#lastTick, at]);
    this.#lastTick = at;
    this.#ticks += 1;
    if (this.#ticks % TICKS_PER_BEAT === 0) this.#beat();
  }

  #beat() {
    const at = now();
    const held = [...this.#held].filter(([, lock]) => lock.isHeld).map(([id]) => id);
    tell({ type: 'beat', at, held, pauses: this.#pauses, waits: this.#longestWaits(at), counts: this.#counts });
    this.#pauses = [];
    this.#counts = {};
  }

  #longestWaits(at) {
    this.#recentPauses = [...this.#recentPauses.slice(-50), ...this.#pauses];
    const longest = { beyond: 0, tries: 0, plan: undefined };
    for (const wait of this.#waits) {
      const { from, to = at, isTry, plan } = wait;
      const paused = this.#recentPauses.reduce(
        (total, [begin, end]) => total + Math.max(0, Math.min(end, to) - Math.max(begin, from)),
        0,
      );
      const name = isTry ? 'tries' : 'beyond';
      if (!isTry && to - from - paused > longest.beyond) longest.plan = plan;
      longest[name] = Math.max(longest[name], to - from - paused);
      if (wait.to !== undefined) this.#waits.delete(wait);
    }
    return longest;
  }
}
