/** Numbers from 0 to 1 that are the same for the same seed. Mulberry32. Source: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Choices that are the same for the same seed. */
export function randomFrom(seed) {
  const next = mulberry32(seed);
  const below = (end) => Math.floor(next() * end);
  return {
    below,
    chance: (probability) => next() < probability,
    between: (least, most) => least + below(most - least + 1),
    pick: (items) => items[below(items.length)],
    /** One of the names in `weights`, as often as its weight says. */
    weighted(weights) {
      const entries = Object.entries(weights);
      let left = next() * entries.reduce((total, [, weight]) => total + weight, 0);
      for (const [name, weight] of entries) if ((left -= weight) < 0) return name;
      return entries.at(-1)[0];
    },
  };
}
