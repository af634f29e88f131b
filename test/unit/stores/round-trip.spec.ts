import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RoundTrip } from '../../../lib/stores/round-trip.js';

describe('RoundTrip', () => {
  it('knows nothing at first', () => {
    expect(new RoundTrip().least).toBe(0);
  });

  it('is the least of the last sixteen', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 60 }), (samples) => {
        const roundTrip = new RoundTrip();
        samples.forEach((ms, index) => {
          roundTrip.add(ms);
          expect(roundTrip.least).toBe(Math.min(...samples.slice(Math.max(0, index - 15), index + 1)));
        });
      }),
    );
  });
});
