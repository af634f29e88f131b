import { describe, expect, it } from '@jest/globals';
import { Quantum } from '../../../../lib/engine/queue/quantum.js';

const takes = (quantum: Quantum, times: number, now: number): boolean[] =>
  Array.from({ length: times }, () => quantum.take(now));

describe('Quantum', () => {
  it('is used up after so many hand-overs', () => {
    expect(takes(new Quantum({ handOvers: 3, ms: 20 }, 1_000), 5, 1_000)).toEqual([true, true, true, false, false]);
  });

  it('is used up after so many milliseconds', () => {
    const quantum = new Quantum({ handOvers: 100, ms: 20 }, 1_000);
    expect(quantum.take(1_019)).toBe(true);
    expect(quantum.take(1_020)).toBe(false);
  });

  it('starts anew', () => {
    const quantum = new Quantum({ handOvers: 1, ms: 20 }, 1_000);
    takes(quantum, 1, 1_000);
    quantum.renew(1_025);
    expect(takes(quantum, 2, 1_025)).toEqual([true, false]);
    quantum.renew(1_025);
    expect(quantum.take(1_045)).toBe(false);
  });
});
