import type { FakeClock } from '../support/fake-clock.js';
import type { SimulatedRedis } from './simulated-redis.js';
import type { Weather } from './weather.js';

const LONGEST_SPIKE_MS = 2_000;
/** How long after it was cut a connection may still deliver what is under way. */
const DRAIN_MS = 500;

export interface PipeInit {
  readonly time: FakeClock;
  readonly server: SimulatedRedis;
  readonly random: () => number;
  readonly weather: () => Weather;
  /** Nothing arrives before, at either end: what an earlier connection carried came first. */
  readonly notBefore: number;
}

/** One connection: slow, in order both ways, until it is cut. */
export class Pipe {
  /** It still takes in everything; from now on nothing goes `there`, or nothing comes back. */
  silence: 'none' | 'there' | 'back' = 'none';
  isCut = false;
  readonly #init: PipeInit;
  #lastArrival: number;
  #lastReply: number;
  /** Whether what is under way when it is cut still arrives at the server. */
  #drains = false;

  constructor(init: PipeInit) {
    this.#init = init;
    this.#lastArrival = this.#lastReply = init.notBefore;
  }

  toServer(work: () => void): void {
    if (this.silence === 'there' || this.isCut) return;
    const { time, server } = this.#init;
    this.#lastArrival = this.#after(this.#lastArrival);
    time.setTimer(this.#lastArrival - time.now(), () => {
      if (server.isUp && (!this.isCut || this.#drains)) work();
    });
  }

  toClient(work: () => void): void {
    if (this.silence !== 'none' || this.isCut) return;
    const { time } = this.#init;
    this.#lastReply = this.#after(this.#lastReply);
    time.setTimer(this.#lastReply - time.now(), () => {
      if (!this.isCut) work();
    });
  }

  cut(): void {
    const { time, random } = this.#init;
    this.isCut = true;
    this.#drains = random() < 0.5 && this.#lastArrival < time.now() + DRAIN_MS;
  }

  /** From when on nothing of it arrives at the server any more, if it is cut. */
  get drainedAt(): number {
    return this.#drains ? this.#lastArrival : this.#init.notBefore;
  }

  #after(last: number): number {
    const { time, random, weather } = this.#init;
    const { latency, spikes } = weather();
    const ms = random() * (random() < spikes ? Math.min(latency * 30, LONGEST_SPIKE_MS) : latency);
    return Math.max(last, time.now() + ms);
  }
}
