import type { FakeClock } from '../support/fake-clock.js';
import type { SimulatedRedis } from './simulated-redis.js';
import { longestSpike, type Weather } from './weather.js';

/** Ways of half a second there and back make a deadline of a second. */
const LONG_WAY_MS = 400;
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
  /** Until when something is under way that takes so long that it may be given up. */
  lateUntil = -Infinity;
  readonly #init: PipeInit;
  #lastArrival: number;
  #lastReply: number;
  /** Whether what is under way when it is cut still arrives at the server. */
  #drains = false;
  /** And how much later: somebody between has kept it. */
  #lateBy = 0;
  /** What was sent into its silence. */
  readonly #kept: (() => void)[] = [];

  constructor(init: PipeInit) {
    this.#init = init;
    this.#lastArrival = this.#lastReply = init.notBefore;
  }

  toServer(work: () => void): void {
    if (this.isCut) return;
    if (this.silence === 'there') return void this.#kept.push(work);
    const { time, server } = this.#init;
    this.#lastArrival = this.#after(this.#lastArrival);
    time.setTimer(this.#lastArrival - time.now(), () => {
      if (!this.isCut && server.isUp) work();
      else if (this.#drains) this.#deliverLate(work);
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
    const { time, random, weather } = this.#init;
    const { oldBytes } = weather();
    this.isCut = true;
    this.#drains = (oldBytes > 0 || random() < 0.5) && this.#lastArrival < time.now() + DRAIN_MS;
    if (!this.#drains || oldBytes === 0) return;
    this.#lateBy = random() * oldBytes;
    const arrival = Math.max(this.#lastArrival, time.now());
    for (const work of this.#kept) time.setTimer(arrival - time.now(), () => this.#deliverLate(work));
  }

  /** From when on nothing of it arrives at the server any more, if it is cut, where what is newer never comes first. */
  get drainedAt(): number {
    return this.#drains && this.#lateBy === 0 ? this.#lastArrival : this.#init.notBefore;
  }

  #deliverLate(work: () => void): void {
    const { time, server } = this.#init;
    const arrive = (): void => (server.isUp ? work() : undefined);
    if (this.#lateBy === 0) arrive();
    else time.setTimer(this.#lateBy, arrive);
  }

  #after(last: number): number {
    const { time, random, weather } = this.#init;
    const { latency, spikes } = weather();
    const ms = random() * (random() < spikes ? longestSpike(latency) : latency);
    const arrival = Math.max(last, time.now() + ms);
    if (arrival - time.now() > LONG_WAY_MS) this.lateUntil = Math.max(this.lateUntil, arrival);
    return arrival;
  }
}
