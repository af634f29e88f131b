import { excusesOf } from './excuses.mjs';
import { findGoneEarly } from './gone-early.mjs';
import { countHandOvers } from './hand-overs.mjs';
import { findOverlaps, measureBelief } from './overlaps.mjs';
import { findTokenDisorder } from './tokens.mjs';

function groupByKey(sections) {
  const byKey = new Map();
  for (const section of sections) {
    for (const key of section.keys) {
      if (!byKey.has(key)) byKey.set(key, []);
      byKey.get(key).push(section);
    }
  }
  return byKey;
}

/** A write that is refused while its lease is kept, without anything to excuse that. */
function findRefusedWhileHeld(history) {
  return history.refusedWhileHeld
    .map((id) => history.sections.get(id))
    .filter((section) => section.keys.every((key) => excusesOf(section, key, history).length === 0))
    .map((section) => ({ first: section, what: 'refused while it was held' }));
}

function add(sums, more) {
  for (const name of Object.keys(sums)) sums[name] += more[name];
}

/** Reads the whole history. Everything that it finds is wrong; `handOvers` and `belief` measure what was checked. */
export function check(history) {
  const byKey = groupByKey(history.sections.values());
  const overlaps = [];
  const tokenDisorder = [];
  const handOvers = { within: 0, between: 0 };
  const belief = { believed: 0, checked: 0 };
  for (const [key, sections] of byKey) {
    overlaps.push(...findOverlaps(key, sections, history));
    tokenDisorder.push(...findTokenDisorder(key, sections, history));
    add(handOvers, countHandOvers(sections));
    add(belief, measureBelief(key, sections, history));
  }
  const goneEarly = findGoneEarly([...history.sections.values()], history);
  return { overlaps, tokenDisorder, goneEarly, refusedWhileHeld: findRefusedWhileHeld(history), handOvers, belief };
}
