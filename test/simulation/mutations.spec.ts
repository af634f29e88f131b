import { describe, expect, it } from '@jest/globals';
import { mutate } from './mutant.js';
import { MUTATIONS } from './mutations.js';

/** That the simulation catches them is shown by run-mutations.ts, which takes minutes. */
describe('the table of mutations', () => {
  it('has ten at least, of different names', () => {
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(10);
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  });

  it.each(MUTATIONS)('$name: matches the engine once', (mutation) => {
    expect(mutate(mutation)).toContain(mutation.replace);
  });
});
