import { parseArgs } from 'node:util';
import { CHECKS } from './checks.mjs';
import { CONTESTANTS } from './contestants/index.mjs';

const USAGE = `npm run bench:decorators -- [options]

  --check a,b       ${CHECKS.map(({ name }) => name).join(', ')}
  --only a,b        ${Object.keys(CONTESTANTS).join(', ')}
  --no-build        tries the package as it was built last
  --json FILE       where all that was seen goes; default: test/bench/decorators/results.json, when nothing was left out`;

const OPTIONS = {
  check: { type: 'string' },
  only: { type: 'string' },
  json: { type: 'string' },
  'no-build': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function choose(names, known) {
  const chosen = names?.split(',') ?? known;
  const unknown = chosen.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}\n\n${USAGE}`);
  return known.filter((name) => chosen.includes(name));
}

export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  // What was seen of a part must not take the place of the whole.
  const isWhole = values.check === undefined && values.only === undefined;
  const checks = choose(
    values.check,
    CHECKS.map(({ name }) => name),
  );
  return {
    checks: CHECKS.filter(({ name }) => checks.includes(name)),
    contestants: choose(values.only, Object.keys(CONTESTANTS)),
    build: !values['no-build'],
    json: values.json ?? (isWhole ? new URL('results.json', import.meta.url).pathname : undefined),
  };
}
