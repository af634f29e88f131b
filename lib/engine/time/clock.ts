/** What `setTimer()` returned; `clearTimer()` of one that rang, or of none, does nothing. */
export type Timer = unknown;

/** Time, from outside, so that the engine runs under a simulated one too. All figures in milliseconds. */
export interface Clock {
  /** Monotonic, and counts the time for which the machine was suspended; only differences mean something. */
  now(): number;
  /** Since the epoch; may jump. */
  epoch(): number;
  /** `'process'` keeps the process alive until then, `'background'` does not. */
  setTimer(delay: number, callback: () => void, keepAlive: 'process' | 'background'): Timer;
  /** As `setTimer()`, at an instant of `now()`. */
  setTimerAt(at: number, callback: () => void, keepAlive: 'process' | 'background'): Timer;
  clearTimer(timer: Timer): void;
  /** Calls back once everything was read that had come by now, as far as one turn of the event loop reads it. */
  afterReads(callback: () => void): void;
}

/** The clock of this process, plain: looks its functions up at each call, so that fake timers take effect. */
export const plainClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  setTimer(delay, callback, keepAlive) {
    const timer = setTimeout(callback, delay);
    if (keepAlive === 'background') timer.unref();
    return timer;
  },
  setTimerAt(at, callback, keepAlive) {
    return this.setTimer(Math.max(0, at - this.now()), callback, keepAlive);
  },
  clearTimer(timer) {
    clearTimeout(timer as NodeJS.Timeout);
  },
  afterReads(callback) {
    setImmediate(callback);
  },
};
