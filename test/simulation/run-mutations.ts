import { parseArgs } from 'node:util';
import { simulate, type Verdict } from './mutant.js';
import { MUTATIONS, type Mutation } from './mutations.js';

/** Builds every mutant and lets the simulation look for its mistake. Ends with 1 when one gets away, or when the engine as it is does not pass. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '900' },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
const AT_ONCE = 2;

const work: (Mutation | undefined)[] = [undefined, ...MUTATIONS].filter(
  (mutation) => values.only === undefined || mutation?.name.includes(values.only),
);
const verdicts = new Map<Mutation | undefined, Verdict>();

async function worker(queue: (Mutation | undefined)[]): Promise<void> {
  while (queue.length > 0) {
    const mutation = queue.shift();
    verdicts.set(mutation, await simulate(mutation, Math.max(seeds, mutation?.worlds ?? 0), from));
  }
}

const queue = [...work];
await Promise.all(Array.from({ length: AT_ONCE }, () => worker(queue)));

let failures = 0;
console.log(`${'mutation'.padEnd(86)} caught by        worlds`);
for (const mutation of work) {
  const verdict = verdicts.get(mutation);
  const isFine = verdict?.trouble === undefined && (verdict?.invariant === undefined) === (mutation === undefined);
  if (!isFine) failures += 1;
  const name = mutation?.name ?? '(none: the engine as it is)';
  console.log(
    `${isFine ? ' ' : '!'} ${name.padEnd(84)} ${(verdict?.invariant ?? 'nothing').padEnd(16)} ${verdict?.worlds ?? 0}`,
  );
  if (!isFine) console.log(verdict?.trouble ?? verdict?.what ?? 'It got away.');
}
process.exit(failures === 0 ? 0 : 1);
