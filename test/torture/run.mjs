// Real processes, real faults, and every critical section checked afterwards. `npm run test:torture -- --help` tells the options.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './checker/check.mjs';
import { findLongestFree } from './checker/free-time.mjs';
import { Crew } from './crew.mjs';
import { Faults } from './faults/index.mjs';
import { History } from './history.mjs';
import { KeyWatch } from './key-watch.mjs';
import { allKeys, STORED_PREFIX } from './keys.mjs';
import { findLeftovers, leaveOrphan } from './leftovers.mjs';
import { readOptions } from './options.mjs';
import { prepare } from './prepare.mjs';
import { Register } from './register.mjs';
import { explain } from './report/findings.mjs';
import { toMarkdown } from './report/table.mjs';
import { judge } from './report/verdict.mjs';
import { startServer } from './server.mjs';
import { watchStalls } from './stalls.mjs';

const PROGRESS_SECONDS = 10;

const options = readOptions(process.argv.slice(2));
console.log(`seed ${options.seed}`);
const built = prepare(options);
const { guard } = await import(built.guardian);
const history = new History();
const register = new Register();
const server = await startServer({ redisProcess: built.redisProcess, history });
const keyWatch = new KeyWatch({
  url: server.url,
  keys: allKeys(options.keys, options.processes),
  prefix: STORED_PREFIX,
  onAbsence: (...absence) => history.absence(...absence),
});
const crew = new Crew({ url: server.url, library: built.library, options, history, register }, (pid) => guard(pid, ''));
const faults = new Faults({ crew, server, history, keyCount: options.keys, processes: options.processes });
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void abandon());

/** Interrupted: nothing is left behind. */
async function abandon() {
  crew.kill();
  await server.stop();
  built.remove();
  process.exit(1);
}

async function play() {
  await keyWatch.start();
  const stopWatchingStalls = watchStalls((from, to) => history.stall(from, to));
  crew.start();
  faults.start(options.seed);
  for (let second = 0; second < options.seconds;) {
    const step = Math.min(PROGRESS_SECONDS, options.seconds - second);
    await sleep(step * 1_000);
    second += step;
    console.error(
      `${String(second).padStart(4)} s  ${history.sections.size} locks, ${faults.total} faults, ${register.refused} stale writes refused`,
    );
  }
  await faults.stop();
  await crew.close();
  keyWatch.stop();
  stopWatchingStalls();
  if (options.sabotage === 'orphan') await leaveOrphan(server);
  return findLeftovers(server, crew);
}

function summarize(found, longestFree, left) {
  const foreign = [...history.sections.values()].filter(({ worker }) => worker === 'outside').length;
  return {
    locks: history.sections.size - foreign,
    handOversWithin: found.handOvers.within,
    handOversBetween: found.handOvers.between,
    foreign,
    secondsBelieved: Math.round(found.belief.believed / 1_000),
    secondsExcused: Number(((found.belief.believed - found.belief.checked) / 1_000).toFixed(1)),
    started: crew.started,
    overlaps: found.overlaps.length,
    tokenDisorder: found.tokenDisorder.length,
    goneEarly: found.goneEarly.length,
    refusedWhileHeld: found.refusedWhileHeld.length,
    staleRefused: register.refused,
    orphans: left.orphans.length,
    queues: left.queues.length,
    queuesAtFirst: left.queuesAtFirst,
    endless: left.endless.length,
    longestBeyond: Math.round(history.waits.beyond),
    longestTry: Math.round(history.waits.tries),
    longestFree: Math.round(longestFree.ms),
    troubles: history.troubles.length,
    stubborn: crew.stubborn,
  };
}

try {
  const left = await play();
  const found = check(history);
  const longestFree = findLongestFree(history);
  const figures = summarize(found, longestFree, left);
  const { seed, seconds, processes, keys } = options;
  const outcomes = Object.fromEntries(Object.entries(history.counts).sort(([, one], [, other]) => other - one));
  const results = {
    seed,
    seconds,
    processes,
    keys,
    figures,
    faults: faults.injected,
    outcomes,
    wrong: judge(figures, seconds),
  };
  console.log(toMarkdown(results));
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  for (const text of explain(found, { longestFree, left }, history)) console.error(text);
  if (results.wrong.length > 0) {
    console.error(`\nWRONG, with seed ${seed}:\n${results.wrong.map((text) => `  ${text}`).join('\n')}`);
    process.exitCode = 1;
  }
} finally {
  crew.kill();
  keyWatch.stop();
  await server.stop();
  built.remove();
}
