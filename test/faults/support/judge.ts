import type { Fault } from './faults.js';
import { STAGES } from './stages.js';
import { strike } from './strike.js';

/** What should not be, by stage. */
export type Verdicts = Map<string, readonly string[]>;

const ATTEMPTS = 3;
const SLOWER = 2;

/**
 * Lets a fault strike apps with every client in every stage at once. What goes wrong because machine or server were too slow for the times in
 * question says nothing about that stage: it is struck again, with times twice as long. A stage that is never judged has failed.
 */
export async function judge(fault: Fault): Promise<Verdicts> {
  const verdicts: Verdicts = new Map();
  for (
    let turn = 1, scale = 1;
    turn <= ATTEMPTS && verdicts.size < Object.keys(STAGES).length;
    turn += 1, scale *= SLOWER
  ) {
    const { findings, isSlow } = await strike(fault, scale);
    for (const [stage, { wrong, late }] of findings) {
      const isExcused = isSlow && late.length > 0 && turn < ATTEMPTS;
      // What no delay explains counts in any case.
      if (wrong.length > 0 || !isExcused) verdicts.set(stage, [...(verdicts.get(stage) ?? []), ...wrong, ...late]);
    }
  }
  return verdicts;
}
