import { beforeEach, describe, expect, it } from '@jest/globals';
import { Lease } from '../../../../lib/engine/lease/lease.js';
import { Tenure, tokensFor } from '../../../../lib/engine/queue/tenure.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { TappedStore } from '../../../support/tapped-store.js';

const TTL = 3_000;
const QUANTUM = { handOvers: 8, ms: 20 };
const OWNER = { onReturn: () => false, onOver: () => undefined };

describe('Tenure', () => {
  let clock: FakeClock;
  let store: TappedStore;
  let lease: Lease;

  const tenureOf = (tokens: number): Tenure =>
    new Tenure(
      { store, clock, quantum: QUANTUM },
      lease,
      { fencingToken: 1_000, tokens, mayComeYet: false },
      clock.now(),
    );

  beforeEach(async () => {
    clock = new FakeClock();
    store = new TappedStore(clock);
    await store.acquire({ key: 'a', value: 'mine', ttl: TTL, tokens: 1 });
    lease = new Lease(OWNER, store, clock, {
      key: 'a',
      value: 'mine',
      ttl: TTL,
      renew: true,
      isPlain: true,
      sentAt: clock.now(),
    });
  });

  it('C7: gives each token of its block once, and no more', () => {
    const tenure = tenureOf(3);
    expect([tenure.takeToken(), tenure.takeToken(), tenure.takeToken()]).toEqual([1_000, 1_001, 1_002]);
    expect(tenure.takeHandOver(clock.now())).toBe(false);
  });

  it('asks ahead when half of the callers that its tokens are for were served, once', () => {
    const tenure = tenureOf(9);
    const asked = Array.from({ length: 9 }, () => {
      tenure.takeToken();
      tenure.askAhead({ isDue: false });
      return store.of('relay').length;
    });
    // The first token is for the one who acquired: four hand-overs of eight are over at the fifth.
    expect(asked).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it('does not ask ahead when the key is to be left free', () => {
    const tenure = tenureOf(1);
    tenure.takeToken();
    tenure.askAhead({ isDue: true });
    expect(store.of('relay')).toEqual([]);
    tenure.askAhead({ isDue: false });
    expect(store.of('relay')).toHaveLength(1);
  });

  it('C7: has fresh tokens and a fresh quantum once Redis has said that nobody waits', async () => {
    const tenure = tenureOf(1);
    const last = tenure.takeToken();
    expect(await tenure.ask('free')).toBe('kept');
    expect(tenure.takeHandOver(clock.now())).toBe(true);
    expect(tenure.takeToken()).toBeGreaterThan(last);
  });

  it('keeps its tokens when the lock is wanted', async () => {
    const tenure = tenureOf(2);
    tenure.takeToken();
    store.answer('relay', () => Promise.resolve({ status: 'wanted' }));
    expect(await tenure.ask('held')).toBe('wanted');
    expect(tenure.takeToken()).toBe(1_001);
    expect(tenure.takeHandOver(clock.now())).toBe(false);
  });

  it('hands over nothing of which less than half is left', async () => {
    const tenure = tenureOf(9);
    lease.stopRenewal();
    await clock.advance(10);
    expect(tenure.takeHandOver(clock.now())).toBe(true);
    await clock.advance(TTL / 2);
    expect(tenure.takeHandOver(clock.now())).toBe(false);
  });

  describe('tokensFor', () => {
    it('is enough for all who wait, at most for a quantum', () => {
      expect(tokensFor({ handOvers: 128, ms: 20 }, 5)).toBeGreaterThanOrEqual(10);
      expect(tokensFor({ handOvers: 128, ms: 20 }, 50)).toBe(129);
      expect(tokensFor({ handOvers: 0, ms: 20 }, 500)).toBe(1);
    });

    it('C7: is few for a caller that is alone, so that tokens never outrun the clock of the server', () => {
      // Two round trips on the fastest loopback take longer than so many microseconds.
      expect(tokensFor({ handOvers: 10_000, ms: 20 }, 1)).toBeLessThan(20);
    });
  });
});
