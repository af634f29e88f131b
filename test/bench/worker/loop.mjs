import { setTimeout as sleep } from 'node:timers/promises';
import { startMeter } from './client.mjs';
import { now } from './clock.mjs';
import { Record } from './record.mjs';

/** For a library that counts its tries, not its time. */
const GRACE_MS = 1_000;

/**
 * Callers that ask again as soon as they are done, `times` times or until `startAt + duration`. Those who wait then are served for `patience` ms
 * more. `own`: each caller has a key of its own.
 */
export async function loop(
  { contestant, work },
  { key, own, callers, startAt, duration = Infinity, times = Infinity, patience, terms },
) {
  const endAt = startAt + duration;
  const deadline = (times === Infinity ? endAt : startAt) + patience;
  const record = new Record(deadline);
  const perCaller = new Array(callers).fill(0);

  const call = async (caller) => {
    const itsKey = own ? `${key}:${caller}` : key;
    const acquire = () =>
      contestant.acquire(itsKey, terms && { ...terms, wait: Math.max(1, Math.ceil(deadline - now())) });
    const body = () => {
      if (now() <= endAt) perCaller[caller] += 1;
      return work(itsKey);
    };
    for (let time = 0; time < times && now() < endAt; time += 1) {
      // A library that refuses at once must not keep the event loop from everything else.
      if (!(await record.run(acquire, body))) await sleep(0);
    }
  };

  await sleep(startAt - now());
  const meter = startMeter();
  const all = Promise.all(perCaller.map((_, caller) => call(caller)));
  const late = new AbortController();
  await Promise.race([all, sleep(deadline + GRACE_MS - now(), undefined, { signal: late.signal })]);
  late.abort();
  const spent = meter();
  return { ...record.report(), ...spent, perCaller };
}
