import { StoreFailure, type LockStore } from '../../lib/stores/lock-store.interface.js';
import type { FakeClock } from './fake-clock.js';

/** How bad a link is; each is a probability, and a time in milliseconds. */
export interface Weather {
  /** Of a command that arrives nowhere. */
  readonly lost: number;
  /** Of a reply that arrives nowhere, after the command was executed. */
  readonly unanswered: number;
  /** Of a client that knows at once that it cannot send. */
  readonly refused: number;
  readonly latency: number;
}

/** One process' way to the store: in order, slow, and not to be relied on. */
export class SimulatedLink implements LockStore {
  #lastArrival = 0;
  #lastReply = 0;

  constructor(
    private readonly server: LockStore,
    private readonly clock: FakeClock,
    private readonly random: () => number,
    private weather: Weather,
  ) {}

  /** From now on. */
  clearUp(): void {
    this.weather = { lost: 0, unanswered: 0, refused: 0, latency: 1 };
  }

  acquire: LockStore['acquire'] = (request) => this.#send(() => this.server.acquire(request));
  contend: LockStore['contend'] = (request) => this.#send(() => this.server.contend(request));
  relay: LockStore['relay'] = (request) => this.#send(() => this.server.relay(request));
  leave: LockStore['leave'] = (key) => this.#send(() => this.server.leave(key));
  renew: LockStore['renew'] = (...args) => this.#send(() => this.server.renew(...args));

  raiseFence: LockStore['raiseFence'] = (...args) => this.#send(() => this.server.raiseFence(...args));
  release: LockStore['release'] = (...args) => this.#send(() => this.server.release(...args));
  inspect: LockStore['inspect'] = (key) => this.#send(() => this.server.inspect(key));
  forceRelease: LockStore['forceRelease'] = (key) => this.#send(() => this.server.forceRelease(key));
  /** Nobody is woken: whoever waits comes back by itself. */
  listen(): void {}
  open(): void {}
  async close(): Promise<void> {}

  #send<T>(command: () => Promise<T>): Promise<T> {
    const { refused, lost, unanswered, latency } = this.weather;
    if (this.random() < refused) return Promise.reject(new StoreFailure('the link is down', { transient: true, applied: 'no' }));
    const isLost = this.random() < lost;
    const isUnanswered = this.random() < unanswered;
    // What was sent later arrives later, and what was executed later is answered later.
    this.#lastArrival = Math.max(this.#lastArrival, this.clock.now() + latency * this.random());
    this.#lastReply = Math.max(this.#lastReply, this.#lastArrival + latency * this.random());
    const [arrival, reply] = [this.#lastArrival, this.#lastReply];
    return new Promise<T>((resolve, reject) => {
      if (isLost) return void this.#at(arrival, () => reject(new StoreFailure('the link broke', { transient: true, applied: 'unknown' })));
      this.#at(arrival, () => {
        const outcome = command();
        if (!isUnanswered) this.#at(reply, () => resolve(outcome));
      });
    });
  }

  #at(instant: number, callback: () => void): void {
    this.clock.setTimer(Math.max(0, instant - this.clock.now()), callback);
  }
}
