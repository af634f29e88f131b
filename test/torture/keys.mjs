const HOT_SHARE = 0.03;
const HOT_CHANCE = 0.4;

/** A few keys get almost half of all calls. */
export function pickKey(random, count) {
  const hot = Math.max(2, Math.round(count * HOT_SHARE));
  return `k${random.chance(HOT_CHANCE) ? random.below(hot) : random.below(count)}`;
}

const LONG_KEYS = 4;

/** Locks whose leases are so long that nobody may wait for their end. */
export const pickLongKey = (random) => `long${random.below(LONG_KEYS)}`;
export const isLong = (key) => key.startsWith('long');

/** All that can be picked. */
export const allKeys = (count) => [...Array.from({ length: count }, (_, index) => `k${index}`), ...Array.from({ length: LONG_KEYS }, (_, index) => `long${index}`)];

export const STORED_PREFIX = 'lock:';
