import type { Clock } from '../../lib/engine/time/clock.js';

interface Alarm {
  readonly at: number;
  /** Alarms of one instant ring in the order in which they were set. */
  readonly turn: number;
  /** None when it rang or was cleared. */
  callback: (() => void) | undefined;
}

/** Time that moves only when the test says so. Alarms ring in the order of their instants, and whatever they set off is done before the next one rings. */
export class FakeClock implements Clock {
  /** A binary heap: the alarm that rings first is at its head. Cleared ones stay until they come to the head. */
  readonly #heap: Alarm[] = [];
  #pending = 0;
  #turns = 0;
  #now = 5_000;

  now(): number {
    return this.#now;
  }

  epoch(): number {
    return 1_800_000_000_000 + this.#now;
  }

  setTimer(delay: number, callback: () => void): Alarm {
    return this.setTimerAt(this.#now + delay, callback);
  }

  setTimerAt(at: number, callback: () => void): Alarm {
    const alarm: Alarm = { at: Math.max(at, this.#now), turn: (this.#turns += 1), callback };
    this.#pending += 1;
    this.#heap.push(alarm);
    this.#rise();
    return alarm;
  }

  afterReads(callback: () => void): void {
    process.nextTick(callback);
  }

  clearTimer(timer: unknown): void {
    const alarm = timer as Alarm | undefined;
    if (alarm?.callback === undefined) return;
    alarm.callback = undefined;
    this.#pending -= 1;
  }

  /** Alarms that are set. */
  get pending(): number {
    return this.#pending;
  }

  /** Lets time pass, and everything happen that happens meanwhile. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    while (this.ring(end)) await this.settle();
    this.#now = end;
  }

  /** Moves to the next alarm up to `end` and rings it; `false` when there is none. What it sets off is left to `settle()`. */
  ring(end: number): boolean {
    const alarm = this.#head();
    if (alarm === undefined || alarm.at > end) return false;
    this.#now = Math.max(this.#now, alarm.at);
    const { callback } = alarm;
    this.clearTimer(alarm);
    callback?.();
    return true;
  }

  /** Lets time pass while the event loop is blocked: nothing rings. */
  block(ms: number): void {
    this.#now += ms;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await Promise.resolve();
    // Asked for from a microtask, a tick comes when no microtask is left, however many follow from one another.
    await new Promise<void>((resolve) => process.nextTick(resolve));
  }

  #head(): Alarm | undefined {
    for (;;) {
      const [head] = this.#heap;
      if (head === undefined || head.callback !== undefined) return head;
      const last = this.#heap.pop() as Alarm;
      if (last !== head) this.#sink(last);
    }
  }

  /** Brings the last one to its place. */
  #rise(): void {
    const heap = this.#heap;
    let index = heap.length - 1;
    const alarm = heap[index] as Alarm;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as Alarm;
      if (!isBefore(alarm, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = alarm;
  }

  /** Puts it in the place of the head, and brings it to its own. */
  #sink(alarm: Alarm): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let childIndex = index * 2 + 1;
      const [left, right] = [heap[childIndex], heap[childIndex + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) childIndex += 1;
      const child = heap[childIndex] as Alarm;
      if (!isBefore(child, alarm)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = alarm;
  }
}

function isBefore(one: Alarm, other: Alarm): boolean {
  return one.at < other.at || (one.at === other.at && one.turn < other.turn);
}
