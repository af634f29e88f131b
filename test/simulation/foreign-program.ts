import type { FakeClock } from '../support/fake-clock.js';
import type { SimulatedRedis } from './simulated-redis.js';
import type { Log } from './trace.js';

const EVERY_MS = 5;
const TTL_MS = 1_000;

export interface ForeignProgramInit {
  readonly time: FakeClock;
  readonly server: SimulatedRedis;
  readonly random: () => number;
  readonly log: Log | undefined;
  readonly key: string;
  /** True time after which it begins nothing new. */
  readonly until: number;
  /** Milliseconds that it tries at most, if everybody is treated fairly. */
  readonly limit: number;
  readonly onUnfair: (what: string) => void;
}

/** A program that knows nothing of this package: it tries SET NX PX every few milliseconds, and deletes its value. */
export class ForeignProgram {
  isOver = false;
  readonly #init: ForeignProgramInit;
  #count = 0;

  constructor(init: ForeignProgramInit) {
    this.#init = init;
  }

  live(): void {
    const { time, until } = this.#init;
    if (time.now() >= until) this.isOver = true;
    else this.#try(`foreign-${(this.#count += 1)}`, time.now());
  }

  #try(value: string, since: number): void {
    const { time, server, random, key, limit, onUnfair, log } = this.#init;
    const waited = time.now() - since;
    if (server.set(key, value, TTL_MS, true)) {
      log?.('foreign', `takes ${key} after ${waited} ms`);
      time.setTimer(random() * 20, () => this.#finish(value));
    } else if (waited > limit) onUnfair(`a foreign program tries for ${key} since ${waited} ms, not ${limit}`);
    else time.setTimer(EVERY_MS, () => this.#try(value, since));
  }

  #finish(value: string): void {
    const { time, server, random, key } = this.#init;
    server.compareAndDelete(key, value);
    time.setTimer(random() * 500, () => this.live());
  }
}
