import { parseArgs } from 'node:util';

export const SABOTAGES = ['no-lock', 'deaf', 'old-token', 'late', 'sleepy', 'crash', 'stubborn', 'orphan'];

const USAGE = `npm run test:torture -- [options]

  --seconds 60      how long callers and faults go on
  --processes 8     worker processes
  --keys 200        different keys, a few of them hot
  --seed N          repeats the choices of a run, not its timing
  --json FILE       where the figures go, besides the table
  --no-build        uses the package as it was built last
  --sabotage KIND   spoils one worker on purpose, which has to be found: ${SABOTAGES.join(', ')}`;

const OPTIONS = {
  seconds: { type: 'string', default: '60' },
  processes: { type: 'string', default: '8' },
  keys: { type: 'string', default: '200' },
  seed: { type: 'string' },
  json: { type: 'string' },
  'no-build': { type: 'boolean', default: false },
  sabotage: { type: 'string' },
  help: { type: 'boolean', default: false },
};

function positive(values, name) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} ${values[name]}: a whole number above 0 is needed\n\n${USAGE}`);
}

export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (values.sabotage !== undefined && !SABOTAGES.includes(values.sabotage))
    throw new Error(`--sabotage ${values.sabotage}: unknown\n\n${USAGE}`);
  return {
    seconds: positive(values, 'seconds'),
    processes: positive(values, 'processes'),
    keys: positive(values, 'keys'),
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : positive(values, 'seed'),
    build: !values['no-build'],
    json: values.json,
    sabotage: values.sabotage,
  };
}
