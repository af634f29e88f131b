import { now } from './clock.mjs';

const TICK_MS = 25;
/** A tick that is later than this: the machine had no time for this process, and for others neither. */
const LATE_MS = 15;

/** Tells of the times in which this machine stood still; returns what ends it. */
export function watchStalls(onStall) {
  let last = now();
  const timer = setInterval(() => {
    const at = now();
    if (at - last > TICK_MS + LATE_MS) onStall(last + TICK_MS, at);
    last = at;
  }, TICK_MS).unref();
  return () => clearInterval(timer);
}
