import { createHash } from 'node:crypto';

/** Grows by tens, so that what is worse than linear fails before it takes for ever. */
const LENGTHS = [10_000, 100_000, 1_000_000, 10_000_000];

/** How much slower than one pass of a hash over the same text. */
const FACTOR = 40;
/** What a busy machine may add. */
const SLACK_MS = 400;

/** Does each of `works` with `unit` repeated to ever greater lengths; throws as soon as one takes more than a constant number of passes over the text. */
export function expectLinear(unit: string, works: Readonly<Record<string, (text: string) => void>>): void {
  for (const length of LENGTHS) {
    const text = unit.repeat(Math.ceil(length / unit.length));
    const pass = time(() => createHash('sha256').update(text).digest('hex'));
    for (const [name, work] of Object.entries(works)) {
      const took = time(() => work(text));
      if (took > FACTOR * pass + SLACK_MS)
        throw new Error(`${name}: ${length} characters took ${Math.round(took)} ms, one pass ${Math.round(pass)} ms.`);
    }
  }
}

function time(work: () => void): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}
