import { beforeEach, describe, expect, it } from '@jest/globals';
import { validity } from '../../../../lib/engine/lease/confirmations.js';
import { Lease, type LeaseTerms } from '../../../../lib/engine/lease/lease.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { broken, silence, TappedStore } from '../../../support/tapped-store.js';
import { rejection, watch } from '../../../support/watch.js';

const TTL = 3_000;

describe('Lease', () => {
  let clock: FakeClock;
  let store: TappedStore;
  let over: Lease[];
  let losses: { reason: string; cause: unknown }[];

  async function hold(terms: Partial<LeaseTerms> = {}): Promise<Lease> {
    const { ttl = TTL } = terms;
    await store.inner.acquire({ key: 'a', value: 'me', ttl, tokens: 1 });
    const owner = { onReturn: () => false, onOver: (lease: Lease) => void over.push(lease) };
    const lease = new Lease(owner, store, clock, {
      key: 'a',
      value: 'me',
      ttl,
      renew: true,
      isPlain: true,
      sentAt: clock.now(),
      ...terms,
    });
    lease.holder = { onLost: (reason, cause) => void losses.push({ reason, cause }) };
    return lease;
  }
  const renewedAfter = (begin: number): number[] => store.of('renew').map(({ at }) => Math.round(at - begin));

  beforeEach(() => {
    clock = new FakeClock();
    store = new TappedStore(clock);
    over = [];
    losses = [];
  });

  describe('renewal', () => {
    it('C1b: happens at each third of the ttl, for as long as it is held', async () => {
      const begin = clock.now();
      const lease = await hold();
      await clock.advance(TTL * 4);
      expect(renewedAfter(begin)).toEqual(Array.from({ length: 12 }, (_, index) => (index + 1) * 1_000));
      expect(lease.isHeld).toBe(true);
      expect((await store.inner.inspect('a'))?.value).toBe('me');
    });

    it('C1b: is counted from when the acquire was sent, not from its reply', async () => {
      const sentAt = clock.now();
      clock.block(900);
      await hold({ sentAt });
      await clock.advance(150);
      expect(renewedAfter(sentAt)).toEqual([1_000]);
    });

    it('C1b: gets at least two chances before the lease is over when it is not answered', async () => {
      store.answer('renew', silence);
      const lease = await hold();
      await clock.advance(TTL * 3);
      expect(store.of('renew').length).toBeGreaterThanOrEqual(2);
      expect(store.of('renew').length).toBeLessThanOrEqual(6);
      expect(lease.isHeld).toBe(false);
      expect(losses).toMatchObject([{ reason: 'unreachable' }]);
    });

    it('C1b: that failed is repeated soon, and never in a hot loop', async () => {
      store.answer('renew', () => Promise.reject(broken()));
      const begin = clock.now();
      await hold();
      await clock.advance(TTL * 3);
      const times = [begin, ...store.of('renew').map(({ at }) => at)];
      const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
      expect(gaps.length).toBeGreaterThanOrEqual(5);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(TTL / 12);
      expect(losses).toHaveLength(1);
    });

    it('C1b: that failed once loses nothing', async () => {
      store.answer('renew', () => Promise.reject(broken()));
      const lease = await hold();
      await clock.advance(1_000);
      store.answer('renew');
      await clock.advance(TTL * 3);
      expect(lease.isHeld).toBe(true);
      expect(losses).toEqual([]);
    });

    it('of the shortest lease has a rest between two tries too', async () => {
      store.answer('renew', () => Promise.reject(broken()));
      await hold({ ttl: 100 });
      await clock.advance(1_000);
      expect(store.of('renew').length).toBeLessThanOrEqual(9);
      expect(store.of('renew').length).toBeGreaterThanOrEqual(2);
    });

    it('renew: false sends none, and the lease ends by itself', async () => {
      const lease = await hold({ renew: false });
      await clock.advance(TTL);
      expect(store.of('renew')).toEqual([]);
      expect(lease.isHeld).toBe(false);
      expect(losses).toMatchObject([{ reason: 'expired' }]);
    });

    it.each([
      { found: 'nothing', reason: 'expired', prepare: () => store.inner.forceRelease('a') },
      {
        found: 'a stranger',
        reason: 'stolen',
        prepare: () =>
          store.inner
            .forceRelease('a')
            .then(() => store.inner.acquire({ key: 'a', value: 'you', ttl: TTL, tokens: 1 })),
      },
    ])('C1e: that finds $found is the end, and changes nothing', async ({ reason, prepare }) => {
      const lease = await hold();
      await prepare();
      const before = await store.inner.inspect('a');
      await clock.advance(1_000);
      expect(lease.isHeld).toBe(false);
      expect(losses).toMatchObject([{ reason }]);
      expect(over).toEqual([lease]);
      expect((await store.inner.inspect('a'))?.value).toBe(before?.value);
      await clock.advance(TTL * 2);
      expect(store.of('renew')).toHaveLength(1);
    });
  });

  describe('local deadline', () => {
    it('C1c: lies a little before the ttl, counted from when the command was sent', () => {
      expect(validity(1_000, 30_000)).toBeLessThan(31_000);
      expect(validity(1_000, 30_000)).toBeGreaterThan(30_500);
      expect(validity(0, 100)).toBeLessThanOrEqual(97);
    });

    it('C1c: counts from when the renewal was sent, not from its reply', async () => {
      store.answer('renew', (_, run) => new Promise((resolve) => clock.setTimer(700, () => resolve(run()))));
      const lease = await hold();
      await clock.advance(1_750);
      expect(store.of('renew')).toHaveLength(1);
      expect(lease.validUntil).toBe(validity((store.of('renew')[0] as { at: number }).at, TTL));
    });

    it('C2b: is noticed by whoever asks, without a timer, after the event loop was blocked', async () => {
      const lease = await hold();
      clock.block(TTL);
      expect(lease.isHeld).toBe(false);
      expect(losses).toHaveLength(1);
      expect(over).toEqual([lease]);
      await clock.advance(TTL);
      expect(losses).toHaveLength(1);
      expect(over).toHaveLength(1);
    });

    it('rings even if nobody asks and nobody answers', async () => {
      store.answer('renew', silence);
      await hold();
      await clock.advance(TTL);
      expect(losses).toMatchObject([{ reason: 'unreachable' }]);
      expect(clock.pending).toBe(0);
    });

    it('a reply that comes after it does not bring the lease back', async () => {
      const replies: (() => void)[] = [];
      store.answer('renew', (_, run) => new Promise((resolve) => replies.push(() => resolve(run()))));
      const lease = await hold();
      await clock.advance(TTL);
      replies.forEach((reply) => reply());
      await clock.settle();
      expect(lease.isHeld).toBe(false);
      expect(losses).toHaveLength(1);
    });

    it('is final: a reply that was there when the loop had been blocked beyond it does not count', async () => {
      let reply = (): void => undefined;
      store.answer('renew', async (_, run) => {
        const outcome = await run();
        return new Promise((resolve) => (reply = () => resolve(outcome)));
      });
      const lease = await hold();
      await clock.advance(1_000);
      // Beyond the old deadline, and before that of the renewal.
      clock.block(2_200);
      reply();
      await clock.settle();
      expect(lease.isHeld).toBe(false);
      expect(losses).toHaveLength(1);
    });

    it('tells the trouble that renewals had', async () => {
      const cause = new Error('connection refused');
      store.answer('renew', () => Promise.reject(broken({ cause })));
      await hold();
      await clock.advance(TTL);
      expect(losses).toEqual([{ reason: 'unreachable', cause }]);
    });
  });

  describe('end', () => {
    it('gives the key back and stops everything', async () => {
      const lease = await hold();
      expect(await lease.giveBack(0)).toBe('released');
      expect(over).toEqual([lease]);
      expect(losses).toEqual([]);
      expect(clock.pending).toBe(0);
      await clock.advance(TTL * 2);
      expect(store.of('renew')).toEqual([]);
    });

    it('C1d: a renewal under way is answered to nobody, whatever it found', async () => {
      for (const outcome of ['renewed', 'expired', 'stolen']) {
        let reply = (): void => undefined;
        store.answer('renew', () => new Promise((resolve) => (reply = () => resolve(outcome))));
        const lease = await hold();
        await clock.advance(1_000);
        await lease.giveBack(0);
        reply();
        await clock.advance(TTL);
        expect(losses).toEqual([]);
        expect(clock.pending).toBe(0);
      }
    });

    it('C1d: a renewal under way that fails later sets off no other', async () => {
      let fail = (): void => undefined;
      store.answer('renew', () => new Promise((_, reject) => (fail = () => reject(broken()))));
      const lease = await hold();
      await clock.advance(1_000);
      await lease.giveBack(0);
      fail();
      await clock.advance(TTL);
      expect(store.of('renew')).toHaveLength(1);
      expect(clock.pending).toBe(0);
    });

    it('of a lost lease asks the store all the same, and its owner is not told twice', async () => {
      const lease = await hold();
      clock.block(TTL);
      expect(lease.isHeld).toBe(false);
      expect(await lease.giveBack(0)).toBe('expired');
      expect(over).toHaveLength(1);
    });

    it('rejects with what the store said', async () => {
      store.answer('release', () => Promise.reject(broken()));
      const lease = await hold();
      expect(await rejection(lease.giveBack(0))).toMatchObject({ name: 'StoreFailure' });
    });
  });

  it('lose() tells holder and owner once and sends nothing', async () => {
    const lease = await hold();
    lease.lose('forced');
    lease.lose('shutdown');
    expect(losses).toMatchObject([{ reason: 'forced' }]);
    expect(over).toEqual([lease]);
    expect(store.calls).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(watch(lease.giveBack(0)).state).toBe('pending');
  });
});
