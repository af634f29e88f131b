/** A holder is told by its next renewal, a third of the ttl after the last one; so late may that be on a busy machine. */
const RENEWALS_PER_TTL = 3;
const SLACK_MS = 150;
/** How far a fencing token may be ahead of the server's clock, and the two readings of the clocks apart. */
const TOKEN_SLACK_MS = 5;

const overlaps = (from, to) => (other) => other.from < to && other.to > from;

/**
 * Whether the lease of the section may be older than the loss. A fencing token is the server's time in microseconds when it was minted, and every
 * token after a loss is minted after it: whoever has such a one lost nothing.
 */
function mayBeHit({ token, begin }, loss, epoch) {
  const mintedAt = token === undefined ? begin : token / 1_000 - epoch;
  return mintedAt <= loss.to + TOKEN_SLACK_MS;
}

/** Until when the holder may believe in a lease that was taken from it: its next renewal where that could be answered, else its deadline. */
function toldBy({ worker, ttl, renew }, loss, { outages, pauses }) {
  const deadline = loss.to + ttl;
  if (!renew) return deadline;
  const renewal = Math.min(loss.to + ttl / RENEWALS_PER_TTL + SLACK_MS, deadline);
  const isTroubled = overlaps(loss.from, renewal);
  const ownPauses = (pauses.get(worker) ?? []).map(([from, to]) => ({ from, to }));
  return outages.some(isTroubled) || ownPauses.some(isTroubled) ? deadline : renewal;
}

/** The times in which the holder of `key` may be wrong, because the key was taken away from outside: `[from, to]` of each loss. */
export function excusesOf(section, key, history) {
  return history.losses
    .filter(({ keys, from }) => (keys === undefined || keys.includes(key)) && from < section.heldUntil)
    .filter((loss) => mayBeHit(section, loss, history.epoch))
    .map((loss) => [loss.from, toldBy(section, loss, history)]);
}

/** Whether the loss of the lease, which was told at `at`, has a cause outside. */
export function isLossExcused(section, at, history) {
  return history.losses.some(
    (loss) =>
      (loss.keys === undefined || loss.keys.some((key) => section.keys.includes(key))) &&
      mayBeHit(section, loss, history.epoch) &&
      loss.from <= at &&
      at <= loss.to + section.ttl + SLACK_MS,
  );
}

/** What is left of `[from, to]` without the excuses. */
export function subtract(from, to, excuses) {
  let pieces = [[from, to]];
  for (const [begin, end] of excuses) {
    pieces = pieces.flatMap(([left, right]) => [
      [left, Math.min(right, begin)],
      [Math.max(left, end), right],
    ]);
    pieces = pieces.filter(([left, right]) => left < right);
  }
  return pieces;
}
