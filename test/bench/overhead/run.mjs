// Measures what @WithLock() costs beyond the lock that it takes. `npm run bench:overhead -- --help` tells the options.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { parseArgs } from 'node:util';
import { installedVersion, prepare } from '../prepare.mjs';
import { median, percentile } from '../statistics.mjs';
import { toMarkdown } from './table.mjs';

const USAGE = `npm run bench:overhead -- [options]

  --rounds 20     turns that each way gets; the table shows the median of the differences
  --calls 6400    calls in each turn
  --callers 64    at once, each on a key of its own
  --no-build      measures the package as it was built last
  --json FILE     where the figures go; default: test/bench/overhead/results.json`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    calls: { type: 'string', default: '6400' },
    callers: { type: 'string', default: '64' },
    'no-build': { type: 'boolean', default: false },
    json: { type: 'string', default: new URL('results.json', import.meta.url).pathname },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const [rounds, calls, callers] = ['rounds', 'calls', 'callers'].map((name) => Number(values[name]));
prepare({ build: !values['no-build'] });

const { startRedisProcess } = await import('../../../dist/sample/redis/redis-process.js');
const redis = await startRedisProcess();
const app = fork(new URL('app.mjs', import.meta.url), [redis.url], { execArgv: ['--expose-gc'] });
const answered = async () => (await once(app, 'message'))[0].answer;
const url = await answered();

function tell(command, rest) {
  app.send({ command, ...rest });
  return answered();
}

const agent = new Agent({ keepAlive: true, maxSockets: callers });

async function request(path) {
  const [response] = await once(get(`${url}/${path}`, { agent }), 'response');
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
  await once(response.resume(), 'end');
}

const WAYS = ['unlocked', 'byHand', 'byHandBesideInterceptor', 'decorated'];
const WORK = {
  method: (way) => tell('method', { way, calls, callers }),
  handler: (way) => tell('handler', { way, calls, callers }),
  request(way) {
    const caller = async (number) => {
      for (let call = 0; call < calls / callers; call += 1) await request(`${way}/${number}`);
    };
    return Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  },
};

/** µs of CPU of the app for one call. */
async function measure(kind, way) {
  await tell('begin');
  await WORK[kind](way);
  return (await tell('end')) / calls;
}

/** The rounds of each way; the ways take turns, in both directions. */
async function play(kind) {
  const figures = Object.fromEntries(WAYS.map((way) => [way, []]));
  for (const way of WAYS) await measure(kind, way);
  for (let round = 0; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) figures[way].push(await measure(kind, way));
  }
  return figures;
}

/** What the decorator costs more than each other way. Within each round, because the machine has moods. */
function differencesOf(figures) {
  const over = (way, base) => {
    const sorted = figures[way].map((value, round) => value - figures[base][round]).sort((a, b) => a - b);
    return { median: median(sorted), low: percentile(sorted, 0.25), high: percentile(sorted, 0.75) };
  };
  return Object.fromEntries(WAYS.map((base) => [base, over('decorated', base)]));
}

const medians = {};
const differences = {};
for (const kind of Object.keys(WORK)) {
  const figures = await play(kind);
  medians[kind] = Object.fromEntries(WAYS.map((way) => [way, median(figures[way])]));
  differences[kind] = differencesOf(figures);
}
const nest = installedVersion('@nestjs/core');
const results = { about: { node: process.versions.node, nest, rounds, calls, callers }, medians, differences };
console.error(medians);
console.log(toMarkdown(results));
writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);

agent.destroy();
await tell('close');
await redis.stop();
