// Compares @WithLock() with other lock decorators for NestJS. `npm run bench:decorators -- --help` tells the options.
import { Redis } from 'ioredis';
import { writeFileSync } from 'node:fs';
import { installedVersion, prepare } from '../prepare.mjs';
import { CONTESTANTS } from './contestants/index.mjs';
import { Crew } from './crew.mjs';
import { checkOneCopy } from './one-copy.mjs';
import { readOptions } from './options.mjs';
import { SCENES } from './scenes/index.mjs';
import { toMarkdown } from './table.mjs';
import { keyOf } from './terms.mjs';

const options = readOptions(process.argv.slice(2));
prepare(options);
const { startRedisProcess } = await import('../../../dist/sample/redis/redis-process.js');

const packageOf = (name) => CONTESTANTS[name].package;
checkOneCopy(options.contestants.map(packageOf));
const scenes = Object.keys(SCENES).filter((name) => options.checks.some((check) => check.scenes.includes(name)));
let redisVersion;

/** What is seen of one contestant, on a Redis of its own. */
async function watch(name) {
  const server = await startRedisProcess();
  const redis = new Redis(server.url, { retryStrategy: () => null });
  redis.on('error', () => undefined); // It is stopped on purpose.
  const crew = new Crew(name, server.url);
  const redisKey = (of) => `${CONTESTANTS[name].keyPrefix}${keyOf(of)}`;
  const tools = { ...crew.apps, redis, redisKey, stopRedis: () => server.stop() };
  const play = async (scene) => [scene, await SCENES[scene].play(tools).catch((error) => ({ error: error.message }))];
  try {
    redisVersion = (await redis.info('server')).match(/(?:redis|valkey)_version:(\S+)/)[1];
    const seen = await Promise.all(scenes.filter((scene) => !SCENES[scene].isLast).map(play));
    for (const scene of scenes.filter((other) => SCENES[other].isLast)) seen.push(await play(scene));
    return Object.fromEntries(seen);
  } finally {
    await crew.close();
    redis.disconnect();
    await server.stop();
  }
}

function cellOf(check, seen) {
  const isBroken = check.scenes.some((scene) => seen[scene].error !== undefined);
  return isBroken ? 'error' : check.cell(seen);
}

function rowOf(check, seen) {
  const cells = Object.fromEntries(
    Object.entries(seen).map(([library, scenesSeen]) => [library, cellOf(check, scenesSeen)]),
  );
  return { name: check.name, title: check.title, cells };
}

function about() {
  const versionsOf = (names) => Object.fromEntries(names.map((name) => [name, installedVersion(name)]));
  return {
    libraries: versionsOf(options.contestants.map(packageOf)),
    below: versionsOf(['ioredis', 'redis', 'redlock', 'redlock-universal']),
    nest: versionsOf([
      '@nestjs/common',
      '@nestjs/core',
      '@nestjs/platform-express',
      '@nestjs/schedule',
      'reflect-metadata',
      'rxjs',
    ]),
    redis: redisVersion,
    node: process.versions.node,
    seconds: Math.round(performance.now() / 1_000),
  };
}

/** A cell that says `error` tells of a check that could not be made, whoever it is about. */
function wrongCells(rows) {
  const isOurs = (library) => library === packageOf('ours');
  return rows.flatMap(({ name, cells }) => {
    const { wanted } = options.checks.find((check) => check.name === name);
    return Object.entries(cells)
      .filter(([library, cell]) => cell === 'error' || (isOurs(library) && cell !== wanted))
      .map(([library, cell]) => `${name}, ${library}: ${cell}${isOurs(library) ? `, not ${wanted}` : ''}`);
  });
}

const seen = {};
for (const name of options.contestants) {
  console.error(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${packageOf(name)}`);
  seen[packageOf(name)] = await watch(name);
}
const results = { about: about(), rows: options.checks.map((check) => rowOf(check, seen)), seen };
console.log(toMarkdown(results));
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
const wrong = wrongCells(results.rows);
if (wrong.length > 0) {
  console.error(`\nWRONG\n${wrong.map((text) => `  ${text}`).join('\n')}`);
  process.exitCode = 1;
}
