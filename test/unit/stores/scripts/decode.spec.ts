import { describe, expect, it } from '@jest/globals';
import { StoreFailure } from '../../../../lib/engine/lock-store.interface.js';
import { RELAY } from '../../../../lib/stores/scripts/relay.script.js';
import { RENEW } from '../../../../lib/stores/scripts/renew.script.js';

describe('a command that was sent again and may be executed once more', () => {
  it('C1: a relay that kept the lock counts as failed: the second one may pass on what one of ours holds', () => {
    expect(RELAY.decode(1_000, false)).toEqual({ status: 'kept', fencingToken: 1_000 });
    expect(() => RELAY.decode(1_000, true)).toThrow(
      expect.objectContaining({ name: StoreFailure.name, transient: true, applied: 'unknown' }),
    );
  });

  it.each([
    [0, 'expired'],
    [-1, 'stolen'],
    [-2, 'passed'],
    [-3, 'wanted'],
    [-4, 'opened'],
  ])('any other reply to it counts: %d', (reply, status) => {
    expect(RELAY.decode(reply, true)).toEqual({ status });
  });

  it('C1: a renewal tells', () => {
    expect([RENEW.decode(1, false), RENEW.decode(1, true), RENEW.decode(0, true), RENEW.decode(-1, true)]).toEqual([
      'renewed',
      'resent',
      'expired',
      'stolen',
    ]);
  });
});
