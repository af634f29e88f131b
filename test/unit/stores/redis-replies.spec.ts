import { describe, expect, it } from '@jest/globals';
import { StoreFailure } from '../../../lib/engine/lock-store.interface.js';
import { decodeRelay, decodeRenew } from '../../../lib/stores/redis-replies.js';

describe('a command that was sent again and may be executed once more', () => {
  it('C1: a relay that kept the lock counts as failed: the second one may pass on what one of ours holds', () => {
    expect(decodeRelay(1_000, false)).toEqual({ status: 'kept', fencingToken: 1_000 });
    expect(() => decodeRelay(1_000, true)).toThrow(
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
    expect(decodeRelay(reply, true)).toEqual({ status });
  });

  it('C1: a renewal tells', () => {
    expect([decodeRenew(1, false), decodeRenew(1, true), decodeRenew(0, true), decodeRenew(-1, true)]).toEqual([
      'renewed',
      'resent',
      'expired',
      'stolen',
    ]);
  });
});
