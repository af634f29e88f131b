import type { LockEngine } from '../../lib/engine/lock-engine.js';
import { DEFAULT_TERMS } from '../../lib/options/lock-options.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { Watcher } from './watcher.js';

export interface RegularInit {
  readonly process: SimulatedProcess;
  readonly engine: LockEngine;
  readonly watcher: Watcher;
  readonly random: () => number;
  readonly key: string;
  /** Milliseconds for which it keeps the key, at most. */
  readonly holds: number;
  /** Milliseconds until it comes again, at most. */
  readonly pauses: number;
  /** Milliseconds that it waits at most, if everybody is treated fairly. */
  readonly limit: number;
  /** True time after which it begins nothing new. */
  readonly until: number;
}

/** One who wants the same key again and again, and does nothing else. */
export class Regular {
  isOver = false;
  readonly process: SimulatedProcess;
  readonly #init: RegularInit;

  constructor(init: RegularInit) {
    this.#init = init;
    this.process = init.process;
  }

  async live(): Promise<void> {
    const { process, watcher, until, random, pauses } = this.#init;
    try {
      while (process.time.now() < until) {
        await this.#takeTurn();
        if (pauses > 0) await process.sleep(random() * pauses);
      }
    } catch (error) {
      watcher.fault('no crash', `one of ${process.name} failed: ${String(error)}`);
    }
    this.isOver = true;
  }

  async #takeTurn(): Promise<void> {
    const { process, engine, watcher, random, key, limit, holds } = this.#init;
    const terms = { ...DEFAULT_TERMS, wait: Infinity };
    const waiting = watcher.waits({ process, what: `acquire ${key}`, key, limit, invariant: 'fairness' });
    const lock = await engine.acquire([key], terms);
    watcher.arrives(waiting);
    const holding = watcher.gets(process, lock, terms);
    await process.sleep(random() * holds);
    watcher.looks(holding);
    watcher.releases(holding);
    await lock.release();
  }
}
