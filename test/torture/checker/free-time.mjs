import { subtract } from './excuses.mjs';

/** Until clients have found a server again, however long they have been without one. */
const RECOVERY_MS = 500;
/** Before that, nobody has to ask: a process that stands still then loses nothing, because its timers go on. */
const DUE_MS = 1_500;

/**
 * The longest time that the key of a lock was not there although a call waited for it. It begins anew when Redis can be asked again; what is due
 * and cannot be done, because the caller's process does not run or the whole machine stands still, is left out. Not a number when no call ever met
 * a key that was not there: nothing was watched.
 */
export function findLongestFree({ wants, absences, outages, pauses, stalls }) {
  const silences = outages.map(({ from, to }) => [from, to + RECOVERY_MS]);
  let longest = { ms: NaN };
  for (const want of wants.values()) {
    for (const absence of absences.get(want.key) ?? []) {
      const [from, to] = [Math.max(want.from, absence.from), Math.min(want.to, absence.to)];
      if (to < from || to - from <= longest.ms) continue;
      const standstills = [...stalls, ...(pauses.get(want.worker) ?? [])];
      for (const [begin, end] of to === from ? [[from, to]] : subtract(from, to, silences)) {
        const ms = end - begin - lengthWithin(begin + DUE_MS, end, standstills);
        if (!(ms <= longest.ms)) longest = { ms, from: begin, to: end, want };
      }
    }
  }
  return longest;
}

/** How much of `[from, to]` lies in any of the times. */
function lengthWithin(from, to, times) {
  const inside = times.filter(([begin, end]) => begin < to && end > from).sort(([one], [other]) => one - other);
  let length = 0;
  let done = from;
  for (const [begin, end] of inside) {
    const last = Math.min(end, to);
    length += Math.max(0, last - Math.max(begin, done));
    done = Math.max(done, last);
  }
  return length;
}
