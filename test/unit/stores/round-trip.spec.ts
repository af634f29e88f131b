import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RoundTrip } from '../../../lib/stores/round-trip.js';
import { SEED } from '../../support/seed.js';

describe('RoundTrip', () => {
  it('knows nothing at first', () => {
    expect(new RoundTrip().least).toBe(0);
  });

  it('is the least of the last sixteen, or of up to fifteen more', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 100 }), (samples) => {
        const roundTrip = new RoundTrip();
        samples.forEach((ms, index) => {
          roundTrip.add(ms);
          const leastOfLast = (count: number): number =>
            Math.min(...samples.slice(Math.max(0, index + 1 - count), index + 1));
          expect(roundTrip.least).toBeLessThanOrEqual(leastOfLast(16));
          expect(roundTrip.least).toBeGreaterThanOrEqual(leastOfLast(31));
        });
      }),
      { seed: SEED },
    );
  });
});
