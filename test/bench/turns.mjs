import { OverlapError } from './overlap.mjs';

const PROOF_MS = 300;
const TUNING_MS = 400;
/** Until the compiler has done what it will do, where little differences matter. */
const WARM_UP_MS = 1_500;
/** No round of any scene takes nearly as long. */
const WATCHDOG_MS = 60_000;

/** Long enough for nobody to give up or to lose a lease because of the measuring itself. */
const EAGER = { ttl: 30_000, wait: 60_000 };

let serial = 0;

/** One round of one contestant. Only an overlap throws: what else goes wrong is a result. */
async function measure(scene, crew, { server, poll, withDefaults, ...options }) {
  serial += 1;
  const terms = withDefaults ? undefined : { ...EAGER, poll };
  const watchdog = setTimeout(() => crew.kill(), WATCHDOG_MS);
  try {
    const before = await server.cpu();
    const figures = await scene.run(crew, { ...options, terms, key: `bench:${serial}` });
    // They still wait, and would spoil what comes next.
    if (figures.stillWaiting > 0) crew.kill();
    return { ...figures, serverCpu: ((await server.cpu()) - before) / figures.locks };
  } catch (error) {
    crew.kill();
    if (error instanceof OverlapError)
      throw new OverlapError(`${crew.contestant}, scene ${scene.name}: ${error.message}`);
    return { error: error.message };
  } finally {
    clearTimeout(watchdog);
  }
}

/** A rate alone is won by one caller that lets nobody else in, so what counts is the rate at an even share. */
const worth = ({ measure }, figures) =>
  measure === 'rate' ? figures.rate * (figures.callerFairness ?? 1) : 1 / figures[measure];

/** Of several intervals, the one that serves this contestant best. */
async function bestPoll(scene, crew, polls, options) {
  if (polls.length < 2) return polls[0];
  let best = { poll: polls[0], worth: 0 };
  for (const poll of polls) {
    const figures = await measure(scene, crew, { ...options, poll });
    const candidate = { poll, worth: figures.error === undefined ? worth(scene, figures) : 0 };
    if (candidate.worth > best.worth) best = candidate;
  }
  return best.poll;
}

async function warmUp(scene, crew, polls, options) {
  const poll = await bestPoll(scene, crew, polls, { ...options, duration: TUNING_MS });
  if (scene.hasProof) await measure(scene, crew, { ...options, poll, duration: PROOF_MS, isProof: true });
  if (scene.turns > 1) await measure(scene, crew, { ...options, poll, duration: WARM_UP_MS });
  return { crew, poll, rounds: [] };
}

/**
 * Everybody plays the scene in turns: machines have moods, so only figures of the same minute compare. Before that, each warms up: those that
 * poll look for their interval, and Redis is asked whether two are ever in at once.
 */
export async function playScene(scene, { crews, pollsOf, rounds, duration, isTimeUp, ...options }) {
  const { turns = 1, piece = 1, maxRounds = rounds } = scene;
  const entries = [];
  for (const crew of crews)
    entries.push(isTimeUp() ? { crew, rounds: [] } : await warmUp(scene, crew, pollsOf(crew.contestant), options));
  for (let turn = 0; turn < Math.min(rounds, maxRounds) * turns && !isTimeUp(); turn += 1) {
    // Nobody always comes after the same one.
    for (const entry of turn % 2 === 0 ? entries : entries.toReversed()) {
      // Whoever hung once is not waited for again.
      if (entry.rounds.some(({ error }) => error !== undefined)) continue;
      entry.rounds.push(await measure(scene, entry.crew, { ...options, poll: entry.poll, duration: duration * piece }));
    }
  }
  return entries.map(({ crew, ...entry }) => ({ ...entry, contestant: crew.contestant }));
}
