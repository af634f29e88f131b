import { figures, last, shares } from '../figures.mjs';
import { assertNoOverlap, OverlapError } from '../overlap.mjs';
import { sum } from '../statistics.mjs';
import { now } from '../worker/clock.mjs';

/** Time for all processes to get the word before they start together. */
const BARRIER_MS = 30;
/** How long those are served who wait when the time is over. */
const PATIENCE_MS = 700;
/** The same where nobody ends it. */
const LONG_PATIENCE_MS = 4_000;
const GRACE_MS = 5_000;

async function together(crew, { processes, ...args }) {
  const workers = await crew.workers(processes);
  const startAt = now() + BARRIER_MS;
  // With its defaults a library waits as long as it does.
  const patience = args.times === undefined && args.terms !== undefined ? PATIENCE_MS : LONG_PATIENCE_MS;
  const limit = (args.duration ?? 0) + patience + GRACE_MS;
  const parts = await Promise.all(workers.map((worker) => worker.ask('loop', { ...args, startAt, patience }, limit)));
  const overlaps = sum(parts.map((part) => part.overlaps));
  if (overlaps > 0) throw new OverlapError(`Redis saw two holders ${overlaps} times`);
  if (!args.own) assertNoOverlap(parts);
  return { parts, startAt };
}

/** Callers that want the lock again and again, for `duration` ms. Where little differences matter a round is cut into `turns`, each of which lasts `piece` of it. */
export function loopScene({ name, title, processes = 1, callers, own = false, polls = [1], turns = 1, piece = 1 }) {
  return {
    name,
    title,
    polls,
    turns,
    piece,
    measure: 'rate',
    hasProof: true,
    async run(crew, { key, terms, duration, isProof }) {
      const body = { kind: isProof ? 'proof' : 'nothing' };
      const { parts } = await together(crew, { processes, callers, own, key, terms, duration, body });
      const inTime = sum(parts.flatMap(({ perCaller }) => perCaller));
      return { ...figures(parts), ...shares(parts), rate: (inTime * 1_000) / duration };
    },
  };
}

/** Callers that want the lock once, all at the same time, and work for `ms` under it. */
export function onceScene({ name, title, processes = 1, callers, ms, polls }) {
  return {
    name,
    title,
    polls,
    measure: 'total',
    hasProof: true,
    async run(crew, { key, terms, isProof }) {
      const body = { kind: isProof ? 'proof' : 'sleep', ms };
      const { parts, startAt } = await together(crew, { processes, callers, key, terms, times: 1, body });
      const summary = figures(parts);
      return { ...summary, total: summary.locks > 0 ? last(parts) - startAt : undefined };
    },
  };
}
