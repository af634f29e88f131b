/** Two were in at the same time. Nothing that was measured matters then. */
export class OverlapError extends Error {}

/**
 * Checks every single hold of one key, in whichever process: the clock is the machine's. Each stands from after its acquire to before its
 * release, so that what overlaps here did overlap. `parts`: `{ from, to }` of each process.
 */
export function assertNoOverlap(parts) {
  const holds = parts
    .flatMap(({ from, to }) => Array.from(from, (begin, index) => [begin, to[index]]))
    .sort(([a], [b]) => a - b);
  for (let index = 1; index < holds.length; index += 1) {
    const [before, after] = [holds[index - 1][1], holds[index][0]];
    if (after < before)
      throw new OverlapError(`a holder came in ${((before - after) * 1_000).toFixed(1)} µs before the last one left`);
  }
}

/** Checks that nobody came in before the one who held all keys had begun to let go. */
export function assertAfter(from, releasedAt) {
  const early = from.filter((begin) => begin < releasedAt).length;
  if (early > 0) throw new OverlapError(`${early} came in before the holder left`);
}
