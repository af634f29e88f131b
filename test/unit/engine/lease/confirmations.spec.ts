import { beforeEach, describe, expect, it } from '@jest/globals';
import { Confirmations, validity } from '../../../../lib/engine/lease/confirmations.js';

const TTL = 3_000;

describe('Confirmations', () => {
  let confirmations: Confirmations;

  beforeEach(() => {
    confirmations = new Confirmations(0, TTL);
  });

  it('C1: a lease lasts from when its last confirmed command was sent', () => {
    expect(confirmations.validUntil).toBe(validity(0, TTL));
    const renewal = confirmations.send(1_000, TTL, false);
    expect([confirmations.validUntil, confirmations.isAwaited]).toEqual([validity(0, TTL), true]);
    expect(confirmations.confirm(renewal)).toBe(true);
    expect([confirmations.validUntil, confirmations.isAwaited]).toEqual([validity(1_000, TTL), false]);
  });

  it('C1: the late reply of an older command says nothing', () => {
    const older = confirmations.send(500, TTL, false);
    const newer = confirmations.send(1_000, TTL, false);
    expect(confirmations.confirm(newer)).toBe(true);
    expect(confirmations.confirm(older)).toBe(false);
    expect(confirmations.validUntil).toBe(validity(1_000, TTL));
  });

  it('C1: what shortens a lease counts from its sending, until it is confirmed that it will not come', () => {
    const shortening = confirmations.send(100, 300, true);
    expect([confirmations.validUntil, confirmations.shortest(TTL)]).toEqual([validity(100, 300), 300]);
    const longer = confirmations.send(200, TTL, false);
    confirmations.confirm(longer);
    // It may come after the longer one yet, and then lasts from that moment.
    expect(confirmations.validUntil).toBe(validity(200, 300));
    confirmations.settle(shortening);
    expect(confirmations.shortest(TTL)).toBe(TTL);
    confirmations.confirm(longer);
    expect(confirmations.validUntil).toBe(validity(200, TTL));
  });
});
