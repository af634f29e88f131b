import { excusesOf, subtract } from './excuses.mjs';

/** How many ms holders believed in their locks of `key`, and how many of them are left when those are taken off in which they may have been wrong. */
export function measureBelief(key, sections, history) {
  const measured = { believed: 0, checked: 0 };
  for (const section of sections) {
    const { isHeldAtBegin, begin, heldUntil } = section;
    if (!isHeldAtBegin) continue;
    measured.believed += heldUntil - begin;
    for (const [from, to] of subtract(begin, heldUntil, excusesOf(section, key, history)))
      measured.checked += to - from;
  }
  return measured;
}

/** Times in which two holders of one key both rightly believed that they were alone. */
export function findOverlaps(key, sections, history) {
  const pieces = sections
    .filter(({ isHeldAtBegin }) => isHeldAtBegin)
    .flatMap((section) =>
      subtract(section.begin, section.heldUntil, excusesOf(section, key, history)).map(([from, to]) => ({
        section,
        from,
        to,
      })),
    )
    .sort((one, other) => one.from - other.from);
  const found = [];
  let last;
  for (const piece of pieces) {
    if (last !== undefined && piece.from < last.to && piece.section !== last.section) {
      found.push({ key, first: last.section, second: piece.section, ms: Math.min(last.to, piece.to) - piece.from });
    }
    if (last === undefined || piece.to > last.to) last = piece;
  }
  return found;
}
