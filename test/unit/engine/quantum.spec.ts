import { describe, expect, it } from '@jest/globals';
import { Quantum } from '../../../lib/engine/quantum.js';
import { FakeClock } from '../../support/fake-clock.js';

const takes = (quantum: Quantum, times: number): boolean[] => Array.from({ length: times }, () => quantum.take());

describe('Quantum', () => {
  it('is used up after so many hand-overs', () => {
    expect(takes(new Quantum({ handOvers: 3, ms: 20 }, new FakeClock()), 5)).toEqual([true, true, true, false, false]);
  });

  it('is used up after so many milliseconds', async () => {
    const clock = new FakeClock();
    const quantum = new Quantum({ handOvers: 100, ms: 20 }, clock);
    await clock.advance(19);
    expect(quantum.take()).toBe(true);
    await clock.advance(1);
    expect(quantum.take()).toBe(false);
  });

  it('starts anew', async () => {
    const clock = new FakeClock();
    const quantum = new Quantum({ handOvers: 1, ms: 20 }, clock);
    takes(quantum, 1);
    await clock.advance(25);
    quantum.renew();
    expect(takes(quantum, 2)).toEqual([true, false]);
    quantum.renew();
    await clock.advance(20);
    expect(quantum.take()).toBe(false);
  });
});
