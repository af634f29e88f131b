import { AwakeTime } from './awake-time.js';
import type { Clock } from './clock.js';

/** A timer of Node stands still while the machine is suspended, so none sleeps longer: then it looks what time it is. */
const LONGEST_SLEEP_MS = 1_000;

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
  readonly keepsAlive: boolean;
  /** Its place in the heap; -1 when it rang or was cleared. */
  index: number;
}

/**
 * The clock of this process, with one timer of Node for all alarms. Most alarms of a lock are cleared within a round trip (each guards a
 * command, a wait or a lease), and timers of Node that come and go so fast cost more than the rest of the engine.
 */
export class HeapClock implements Clock {
  /** A binary heap: the alarm that rings first is at its head. */
  readonly #heap: Alarm[] = [];
  #keepers = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  readonly #time = new AwakeTime();

  now(): number {
    return this.#time.now();
  }

  epoch(): number {
    return Date.now();
  }

  setTimer(delay: number, callback: () => void, keepAlive: 'process' | 'background'): Alarm {
    return this.setTimerAt(this.now() + delay, callback, keepAlive);
  }

  setTimerAt(at: number, callback: () => void, keepAlive: 'process' | 'background'): Alarm {
    const alarm: Alarm = { at, callback, keepsAlive: keepAlive === 'process', index: this.#heap.length };
    this.#heap.push(alarm);
    this.#rise(alarm);
    if (alarm.at < this.#timerAt) this.#arm(alarm.at);
    if (alarm.keepsAlive && (this.#keepers += 1) === 1) this.#timer?.ref();
    return alarm;
  }

  clearTimer(alarm: Alarm | undefined): void {
    if (alarm === undefined || alarm.index === -1) return;
    this.#remove(alarm);
    // The timer stays: that it rings once for nothing is cheaper than to set it again.
  }

  /** Sockets are read between the timers and this. */
  afterReads(callback: () => void): void {
    setImmediate(callback);
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#ring(), Math.min(Math.ceil(at - this.now()), LONGEST_SLEEP_MS));
    if (this.#keepers === 0) this.#timer.unref();
  }

  #ring(): void {
    this.#timerAt = Infinity;
    const now = this.now();
    try {
      for (let head = this.#heap[0]; head !== undefined && head.at <= now; head = this.#heap[0]) {
        this.#remove(head);
        head.callback();
      }
    } finally {
      // Also when a callback threw: the other alarms ring all the same.
      const [head] = this.#heap;
      if (head !== undefined && head.at < this.#timerAt) this.#arm(head.at);
    }
  }

  #remove(alarm: Alarm): void {
    const last = this.#heap.pop() as Alarm;
    if (last !== alarm) {
      this.#put(last, alarm.index);
      this.#rise(last);
      this.#sink(last);
    }
    alarm.index = -1;
    if (alarm.keepsAlive && (this.#keepers -= 1) === 0) this.#timer?.unref();
  }

  #rise(alarm: Alarm): void {
    while (alarm.index > 0) {
      const parentIndex = (alarm.index - 1) >> 1;
      const parent = this.#heap[parentIndex] as Alarm;
      if (parent.at <= alarm.at) return;
      this.#put(parent, alarm.index);
      this.#put(alarm, parentIndex);
    }
  }

  #sink(alarm: Alarm): void {
    for (;;) {
      const left = this.#heap[alarm.index * 2 + 1];
      const right = this.#heap[alarm.index * 2 + 2];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= alarm.at) return;
      const { index } = alarm;
      this.#put(alarm, child.index);
      this.#put(child, index);
    }
  }

  #put(alarm: Alarm, index: number): void {
    this.#heap[index] = alarm;
    alarm.index = index;
  }
}
