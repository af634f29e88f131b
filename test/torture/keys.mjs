const HOT_SHARE = 0.03;
const HOT_CHANCE = 0.4;

/** A few keys get almost half of all calls. */
export function pickKey(random, count) {
  const hot = Math.max(2, Math.round(count * HOT_SHARE));
  return `k${random.chance(HOT_CHANCE) ? random.below(hot) : random.below(count)}`;
}

const LONG = 'long';

/** The locks that two neighbours among the processes share, with leases so long that nobody may wait for their end. */
export const sharedKeys = (index, processes) =>
  [index, (index + 1) % processes].flatMap((number) => [`${LONG}${number}`, `${LONG}${number + processes}`]);
export const isShared = (key) => key.startsWith(LONG);

/** All that can be picked. */
export const allKeys = (count, processes) => [...named('k', count), ...named(LONG, 2 * processes)];
const named = (name, count) => Array.from({ length: count }, (_, index) => `${name}${index}`);

export const STORED_PREFIX = 'lock:';
