// Compares the built package with other lock libraries on Redis. `npm run bench -- --help` tells the options.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { CONTESTANTS, isLibrary } from './contestants/index.mjs';
import { Crew } from './crew.mjs';
import { readOptions } from './options.mjs';
import { OverlapError } from './overlap.mjs';
import { installedVersion, prepare } from './prepare.mjs';
import { drawPicture } from './report/picture.mjs';
import { summarizeScene } from './report/summary.mjs';
import { toMarkdown } from './report/table.mjs';
import { WITH_DEFAULTS } from './scenes/index.mjs';
import { startServer } from './server.mjs';
import { playScene } from './turns.mjs';

const ADDED_ROUND_TRIP_MS = 1;

const options = readOptions(process.argv.slice(2));
prepare(options);
const server = await startServer(ADDED_ROUND_TRIP_MS);
const crews = new Map();

const crewOf = (contestant, url) => {
  const name = `${contestant} ${url}`;
  if (!crews.has(name)) crews.set(name, new Crew(contestant, url, options.clientOptions));
  return crews.get(name);
};

const isTimeUp = () => performance.now() > options.budget * 1_000;

async function play(scenes, contestants, withDefaults) {
  const results = [];
  for (const scene of scenes) {
    console.error(
      `${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${scene.title}${withDefaults ? ', with defaults' : ''}`,
    );
    const entries = await playScene(scene, {
      crews: contestants.map((contestant) => crewOf(contestant, scene.isFar ? server.farUrl : server.url)),
      pollsOf: (contestant) =>
        CONTESTANTS[contestant].polls && !withDefaults ? (options.poll ? [options.poll] : scene.polls) : [],
      rounds: options.rounds,
      duration: options.duration,
      server,
      withDefaults,
      isTimeUp,
    });
    results.push(summarizeScene(scene, entries));
  }
  return results;
}

function about(addedRoundTrip) {
  const packages = ['ioredis', ...options.contestants.flatMap((name) => CONTESTANTS[name].package ?? [])];
  return {
    versions: Object.fromEntries(packages.map((name) => [name, installedVersion(name)])),
    redis: server.version,
    node: process.versions.node,
    cores: cpus().length,
    rounds: options.rounds,
    duration: options.duration,
    ...options.clientOptions,
    addedRoundTrip,
    seconds: Math.round(performance.now() / 1_000),
  };
}

const fourDigits = (_key, value) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;

try {
  const addedRoundTrip = await server.addedRoundTrip();
  const eager = await play(options.scenes, options.contestants, false);
  const libraries = options.contestants.filter(isLibrary);
  const scenes = options.scenes.filter(({ name }) => WITH_DEFAULTS.includes(name));
  const defaults = options.defaults ? await play(scenes, libraries, true) : [];
  const results = { about: about(addedRoundTrip), eager, defaults };
  console.log(toMarkdown(results));
  if (isTimeUp()) console.error(`\nNot everything was measured: ${options.budget} s are over. See --budget.`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, fourDigits, 2)}\n`);
  if (options.svg) writeFileSync(options.svg, drawPicture(results));
} catch (error) {
  if (!(error instanceof OverlapError)) throw error;
  console.error(`\nTWO HOLDERS AT ONCE. ${error.message}`);
  process.exitCode = 1;
} finally {
  await Promise.all([...crews.values()].map((crew) => crew.close()));
  await server.stop();
}
