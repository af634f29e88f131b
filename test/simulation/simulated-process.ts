import type { Clock, Timer } from '../../lib/engine/time/clock.js';
import type { FakeClock } from '../support/fake-clock.js';

/** How late a timer of Node may ring. */
const LATENESS_MS = 1;

/** How late the timers of Node ring after the machine was suspended: their clock stood still, and the engine sets none for longer. */
const LONGEST_SLEEP_MS = 1_000;

/** What comes to a process from outside; after a pause one kind comes before the other, in any order. */
type Kind = 'timer' | 'io' | 'user' | 'after reads';

interface ProcessAlarm {
  callback: (() => void) | undefined;
}

export interface ProcessInit {
  readonly name: string;
  /** True time. */
  readonly time: FakeClock;
  readonly random: () => number;
  /** How fast its clock runs. */
  readonly rate: number;
  readonly offset: number;
  readonly onThrown: (error: unknown) => void;
}

/** One process: a clock that is not quite right, and an event loop that can be blocked and can die. */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  /** How fast its clock runs. */
  readonly rate: number;
  readonly time: FakeClock;
  readonly random: () => number;
  /** Until when it was last blocked; `Infinity` while it is. */
  lastPauseAt = -Infinity;
  /** With what the values of its engine begin, as soon as one was sent. */
  engineName: string | undefined;
  /** Alarms of its clock that are set. */
  alarms = 0;
  readonly #init: ProcessInit;
  #state: 'running' | 'paused' | 'catching up' | 'dead' = 'running';
  #stoppedAt = Infinity;
  /** For how long it was stopped before. */
  #stoppedMs = 0;
  /** Before that no timer rings. */
  #timersFrom = -Infinity;
  #backlog: { readonly kind: Kind; readonly work: () => void }[] = [];

  constructor(init: ProcessInit) {
    const { name, time, random, rate, offset } = (this.#init = init);
    this.name = name;
    this.time = time;
    this.random = random;
    this.rate = rate;
    this.clock = {
      now: () => offset + rate * time.now(),
      epoch: () => time.epoch() + offset,
      setTimer: (delay, callback) => this.#setTimer(delay / rate, callback),
      setTimerAt: (at, callback) => this.#setTimer(Math.max(0, (at - offset) / rate - time.now()), callback),
      clearTimer: (timer) => this.#clearTimer(timer),
      afterReads: (callback) => void time.setTimer(0, () => this.post('after reads', callback)),
    };
  }

  /** Whether all that has come to it so far is done. */
  get isAtRest(): boolean {
    return this.#state === 'running' && this.time.now() > this.#timersFrom;
  }

  /** How long it could not do what it should, on its own clock. */
  get blockedMs(): number {
    return (this.#stoppedMs + this.#lastStopMs) * this.rate;
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Something comes to the process. */
  post(kind: Kind, work: () => void): void {
    if (this.#state === 'dead') return;
    if (kind === 'timer' && this.time.now() < this.#timersFrom)
      return void this.time.setTimer(this.#timersFrom - this.time.now(), () => this.post(kind, work));
    if (this.#state === 'running') return this.#run(work);
    this.#backlog.push({ kind, work });
  }

  /** For the code of users: something other than a lock keeps it waiting. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.time.setTimer(ms, () => this.post('user', resolve)));
  }

  /** Its event loop is blocked: nothing of it runs. */
  pause(ms: number): void {
    this.#stop(ms);
  }

  /** Its machine sleeps: then its clock has jumped, and it reads and sends before its timers ring. */
  suspend(ms: number): void {
    if (this.#state !== 'running') return;
    this.#stop(ms);
    this.#timersFrom = Math.max(this.#timersFrom, this.time.now() + ms + this.random() * LONGEST_SLEEP_MS);
  }

  die(): void {
    this.#state = 'dead';
    this.#backlog = [];
    this.alarms = 0;
  }

  get #lastStopMs(): number {
    return Math.max(0, Math.min(this.time.now(), this.lastPauseAt) - this.#stoppedAt);
  }

  #stop(ms: number): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#stoppedMs += this.#lastStopMs;
    this.#stoppedAt = this.time.now();
    this.lastPauseAt = Infinity;
    this.time.setTimer(ms, () => this.#resume());
  }

  #resume(): void {
    if (this.#state !== 'paused') return;
    this.lastPauseAt = Math.max(this.time.now(), this.#timersFrom);
    this.#state = 'catching up';
    const order = (['timer', 'io', 'user'] as const)
      .map((kind) => ({ kind, rank: this.random() }))
      .sort((one, other) => one.rank - other.rank);
    const backlog = this.#backlog;
    this.#backlog = [...order.map(({ kind }) => kind), 'after reads'].flatMap((kind) =>
      backlog.filter((each) => each.kind === kind),
    );
    this.#catchUp();
  }

  /** One by one: what each sets off is done before the next. */
  #catchUp(): void {
    if (this.#state !== 'catching up') return;
    const next = this.#backlog.shift();
    if (next === undefined) {
      this.#state = 'running';
      return;
    }
    this.#run(next.work);
    this.time.setTimer(0, () => this.#catchUp());
  }

  #run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#init.onThrown(error);
    }
  }

  #setTimer(delay: number, callback: () => void): ProcessAlarm {
    const alarm: ProcessAlarm = { callback };
    this.alarms += 1;
    const ring = (): void => {
      if (alarm.callback === undefined) return;
      this.#clearTimer(alarm);
      callback();
    };
    this.time.setTimer(delay + LATENESS_MS * this.random(), () => this.post('timer', ring));
    return alarm;
  }

  #clearTimer(timer: Timer): void {
    const alarm = timer as ProcessAlarm | undefined;
    if (alarm?.callback === undefined) return;
    alarm.callback = undefined;
    this.alarms -= 1;
  }
}
