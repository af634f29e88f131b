import type { Clock } from '../../lib/engine/clock.js';

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that moves only when the test says so. Alarms ring in the order of their instants, and whatever they set off is done before the next one rings. */
export class FakeClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  #now = 5_000;

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return 1_800_000_000_000 + this.#now;
  }

  setTimer(delay: number, callback: () => void): Alarm {
    const alarm = { at: this.#now + delay, callback };
    this.#alarms.add(alarm);
    return alarm;
  }

  clearTimer(alarm: unknown): void {
    this.#alarms.delete(alarm as Alarm);
  }

  /** Alarms that are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Lets time pass, and everything happen that happens meanwhile. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let next = this.#first(); next !== undefined && next.at <= end; next = this.#first()) {
      this.#now = Math.max(this.#now, next.at);
      this.#alarms.delete(next);
      next.callback();
      await this.settle();
    }
    this.#now = end;
  }

  /** Lets time pass while the event loop is blocked: nothing rings. */
  block(ms: number): void {
    this.#now += ms;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  #first(): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) if (first === undefined || alarm.at < first.at) first = alarm;
    return first;
  }
}
