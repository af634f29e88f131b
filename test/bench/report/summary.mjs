import { CONTESTANTS, isLibrary } from '../contestants/index.mjs';
import { median, sum } from '../statistics.mjs';

/** Beyond this share of callers who were never served, a percentile is only as long as they were watched. */
const CENSORED = { p50: 0.5, p99: 0.01, max: 0 };

const NOT_MEDIANS = new Set(['failures', 'locks', 'unserved', 'stillWaiting', 'max', 'error']);

const isFinished = ({ unserved, failures }) => unserved === 0 && Object.keys(failures).length === 0;

function addUp(rounds) {
  const failures = {};
  for (const [text, count] of rounds.flatMap((round) => Object.entries(round.failures)))
    failures[text] = (failures[text] ?? 0) + count;
  const locks = sum(rounds.map((round) => round.locks));
  const unserved = sum(rounds.map((round) => round.unserved));
  const atLeast = Object.keys(CENSORED).filter((field) => unserved / (unserved + locks) > CENSORED[field]);
  return { locks, unserved, atLeast, failures };
}

/** Medians of the rounds; the worst wait, failures and those never served of all of them. `atLeast`: which waits may have been longer. */
function summarize({ contestant, poll, rounds }) {
  const played = rounds.filter(({ error }) => error === undefined);
  const summary = {
    contestant,
    label: CONTESTANTS[contestant].label,
    poll,
    rounds: played.length,
    errors: rounds.flatMap(({ error }) => error ?? []),
  };
  if (played.length === 0) return summary;
  const fields = Object.keys(played[0]).filter((field) => !NOT_MEDIANS.has(field));
  for (const field of fields) {
    const values = played.map((round) => round[field]).filter(Number.isFinite);
    if (values.length > 0) summary[field] = median(values);
  }
  return { ...summary, max: Math.max(...played.map(({ max }) => max).filter(Number.isFinite)), ...addUp(played) };
}

/** How good each round was. The time for all to be done is none when not all were. */
function worths(measure, { rounds }) {
  return rounds.map((round) => {
    if (round.error !== undefined) return NaN;
    if (measure === 'rate') return round.rate;
    return measure === 'total' && !isFinished(round) ? NaN : 1 / round[measure];
  });
}

const typical = (values) => (values.some(Number.isFinite) ? median(values.filter(Number.isFinite)) : NaN);

/** `times`: how many times as fast as the best library that is not ours, round by round, because what disturbs a round disturbs all in it. */
export function summarizeScene({ name, title, measure }, entries) {
  const played = entries.map((entry) => ({ ...entry, worths: worths(measure, entry) }));
  const rivals = played.filter(
    (entry) => entry.contestant !== 'ours' && isLibrary(entry.contestant) && Number.isFinite(typical(entry.worths)),
  );
  const [best] = rivals.sort((a, b) => typical(b.worths) - typical(a.worths));
  const rows = played.map((entry) => {
    const times = best && typical(entry.worths.map((worth, round) => worth / best.worths[round]));
    return { ...summarize(entry), ...(Number.isFinite(times) ? { times } : {}) };
  });
  return { name, title, measure, rows };
}
