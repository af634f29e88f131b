import { parseArgs } from 'node:util';
import { CONTESTANTS } from './contestants/index.mjs';
import { SCENES } from './scenes/index.mjs';

const USAGE = `npm run bench -- [options]

  --scene a,b       ${SCENES.map(({ name }) => name).join(', ')}
  --only a,b        ${Object.keys(CONTESTANTS).join(', ')}
  --rounds 3        turns that each contestant gets in a scene; the table shows medians
  --duration 600    ms of one turn, where the scene has no end of its own
  --budget 540      seconds after which no further turn begins
  --poll 10         ms between the tries of those that poll, instead of what serves each best
  --auto-pipelining has ioredis join what is sent in one turn of the event loop, for everybody
  --no-defaults     leaves out the table of the libraries' defaults
  --no-build        measures the package as it was built last
  --json FILE       where the figures go; default: test/bench/results.json, when nothing was left out
  --svg FILE        where the picture goes; default: test/bench/results.svg, likewise`;

const OPTIONS = {
  scene: { type: 'string' },
  only: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  duration: { type: 'string', default: '600' },
  budget: { type: 'string', default: '540' },
  poll: { type: 'string' },
  json: { type: 'string' },
  svg: { type: 'string' },
  'auto-pipelining': { type: 'boolean', default: false },
  'no-defaults': { type: 'boolean', default: false },
  'no-build': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const fileHere = (name) => new URL(name, import.meta.url).pathname;

function choose(names, known) {
  const chosen = names?.split(',') ?? known;
  const unknown = chosen.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}\n\n${USAGE}`);
  return known.filter((name) => chosen.includes(name));
}

function positive(values, name) {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} ${values[name]}: a number above 0 is needed\n\n${USAGE}`);
  return value;
}

export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  // Figures of a part must not take the place of those of the whole.
  const isWhole = !['scene', 'only', 'poll', 'auto-pipelining', 'no-defaults'].some((name) => values[name]);
  const scenes = choose(
    values.scene,
    SCENES.map(({ name }) => name),
  );
  return {
    scenes: SCENES.filter(({ name }) => scenes.includes(name)),
    contestants: choose(values.only, Object.keys(CONTESTANTS)),
    rounds: positive(values, 'rounds'),
    duration: positive(values, 'duration'),
    budget: positive(values, 'budget'),
    poll: values.poll === undefined ? undefined : positive(values, 'poll'),
    clientOptions: { enableAutoPipelining: values['auto-pipelining'] },
    defaults: !values['no-defaults'],
    build: !values['no-build'],
    json: values.json ?? (isWhole ? fileHere('results.json') : undefined),
    svg: values.svg ?? (isWhole ? fileHere('results.svg') : undefined),
  };
}
