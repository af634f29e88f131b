const HOT_SHARE = 0.03;
const HOT_CHANCE = 0.4;

/** A few keys get almost half of all calls. */
export function pickKey(random, count) {
  const hot = Math.max(2, Math.round(count * HOT_SHARE));
  return `k${random.chance(HOT_CHANCE) ? random.below(hot) : random.below(count)}`;
}

export const STORED_PREFIX = 'lock:';
