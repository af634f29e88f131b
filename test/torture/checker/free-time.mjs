/** Until clients have found a server again, however long they have been without one. */
const RECOVERY_MS = 500;

/**
 * The longest time that the key of a lock was not there although a call waited for it, but for the time in which the caller's process did not
 * run, Redis did not answer, or the whole machine stood still. Not a number when no call ever met a key that was not there: nothing was watched.
 */
export function findLongestFree({ wants, absences, outages, pauses, stalls }) {
  const shared = [...outages.map(({ from, to }) => [from, to + RECOVERY_MS]), ...stalls];
  let longest = { ms: NaN };
  for (const want of wants.values()) {
    for (const absence of absences.get(want.key) ?? []) {
      const [from, to] = [Math.max(want.from, absence.from), Math.min(want.to, absence.to)];
      if (to < from || to - from <= longest.ms) continue;
      const ms = to - from - lengthWithin(from, to, [...shared, ...(pauses.get(want.worker) ?? [])]);
      if (!(ms <= longest.ms)) longest = { ms, from, to, want };
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
