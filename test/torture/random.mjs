import { randomFrom as numbersFrom } from '../support/random.mjs';

/** Choices that are the same for the same seed. */
export function randomFrom(seed) {
  const next = numbersFrom(seed);
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
