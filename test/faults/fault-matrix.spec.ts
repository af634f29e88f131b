import { beforeAll, describe, expect, it } from '@jest/globals';
import { FAULTS } from './support/faults.js';
import { judge, type Verdicts } from './support/judge.js';
import { STAGES } from './support/stages.js';

/**
 * For each fault and stage, with each client: nothing hangs; busy is not broken; the holder is sure of its key or was told in time, once; nothing
 * is left in Redis, and the next one gets in.
 */
describe.each(FAULTS)('C2 C3 C5 W4 O2: $name', (fault) => {
  let verdicts: Verdicts;

  beforeAll(async () => {
    verdicts = await judge(fault);
  });

  it.each(Object.keys(STAGES))('while %s', (stage) => {
    expect(verdicts.get(stage)).toEqual([]);
  });
});
