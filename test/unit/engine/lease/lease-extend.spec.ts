import { beforeEach, describe, expect, it } from '@jest/globals';
import { validity } from '../../../../lib/engine/lease/confirmations.js';
import { Lease } from '../../../../lib/engine/lease/lease.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { broken, TappedStore } from '../../../support/tapped-store.js';
import { rejection, watch } from '../../../support/watch.js';

const TTL = 3_000;

describe('Lease.extend()', () => {
  let clock: FakeClock;
  let store: TappedStore;
  let lease: Lease;
  let losses: string[];
  /** Replies that are held back, in the order in which their commands were sent. */
  let replies: { deliver(): void; fail(): void }[];

  const holdReplies = (): void => {
    replies = [];
    store.answer('renew', async (_, run) => {
      const outcome = await run();
      return new Promise((resolve, reject) =>
        replies.push({ deliver: () => resolve(outcome), fail: () => reject(broken({ applied: 'unknown' })) }),
      );
    });
  };

  beforeEach(async () => {
    clock = new FakeClock();
    store = new TappedStore(clock);
    losses = [];
    await store.inner.acquire({ key: 'a', value: 'me', ttl: TTL, tokens: 1 });
    const owner = { onReturn: () => false, onOver: () => undefined };
    lease = new Lease(owner, store, clock, {
      key: 'a',
      value: 'me',
      ttl: TTL,
      renew: true,
      isPlain: true,
      sentAt: clock.now(),
    });
    lease.holder = { onLost: (reason) => void losses.push(reason) };
  });

  it.each([TTL * 10, 600])(
    'to %d ms starts the lease anew from the sending, and later renewals use the same length',
    async (ttl) => {
      await clock.advance(500);
      const sentAt = clock.now();
      await lease.extend(ttl);
      expect(lease.validUntil).toBe(validity(sentAt, ttl));
      expect(lease.ttl).toBe(ttl);
      store.calls.length = 0;
      await clock.advance(ttl);
      expect(store.of('renew').map(({ at, ms }) => [Math.round(at - sentAt), ms])).toEqual([
        [ttl / 3, ttl],
        [(ttl * 2) / 3, ttl],
        [ttl, ttl],
      ]);
      expect(lease.isHeld).toBe(true);
    },
  );

  it('to a shorter lease by a command that was sent twice: the other one may come after a longer lease, so no more is believed than it leaves', async () => {
    store.answer('renew', async ({ ms }, run) => {
      const outcome = await run();
      return ms === 600 ? 'resent' : outcome;
    });
    await lease.extend(600);
    await lease.extend(TTL * 10);
    expect([lease.isHeld, lease.validUntil]).toEqual([true, validity(clock.now(), 600)]);
  });

  it('to a longer lease counts only when it is answered', async () => {
    holdReplies();
    const before = lease.validUntil;
    void lease.extend(TTL * 10);
    await clock.advance(500);
    expect(lease.validUntil).toBe(before);
    replies[0]?.deliver();
    await clock.settle();
    expect(lease.validUntil).toBeGreaterThan(before + TTL * 8);
  });

  it('to a longer lease that is never answered ends with the old one', async () => {
    holdReplies();
    void lease.extend(TTL * 10);
    await clock.advance(TTL);
    expect(lease.isHeld).toBe(false);
    expect(losses).toEqual(['unreachable']);
  });

  it('to a shorter lease counts although a longer one was sent before it and another after it, when only the first is answered', async () => {
    holdReplies();
    void lease.extend(TTL * 10);
    await clock.advance(100);
    const sentAt = clock.now();
    void lease.extend(900);
    await clock.advance(100);
    void lease.extend(TTL * 10);
    await clock.settle();
    replies[0]?.deliver();
    await clock.settle();
    expect(lease.validUntil).toBe(validity(sentAt, 900));
  });

  it('by a relay counts only when no command was sent since', async () => {
    const sentAt = clock.now();
    const { sent } = lease;
    holdReplies();
    void lease.extend(TTL * 10);
    await clock.advance(100);
    lease.confirm(sentAt, sent);
    expect(lease.validUntil).toBe(validity(sentAt, TTL));
    lease.confirm(clock.now(), lease.sent);
    expect(lease.validUntil).toBe(validity(clock.now(), TTL * 10));
  });

  it.each(['deliver', 'fail'] as const)(
    'to a shorter lease that comes to Redis after a longer one that was sent later: not more is believed (reply: %s)',
    async (end) => {
      holdReplies();
      void lease.extend(300).catch(() => undefined);
      await clock.advance(10);
      const sentAt = clock.now();
      void lease.extend(TTL * 10);
      await clock.settle();
      replies[1]?.deliver();
      await clock.settle();
      expect(lease.validUntil).toBe(validity(sentAt, 300));
      replies[0]?.[end]();
      await clock.settle();
      expect(lease.validUntil).toBe(validity(sentAt, 300));
      // It is renewed in time all the same: by its own length once Redis has answered, else by the least that Redis may have.
      store.answer('renew');
      await clock.advance(TTL * 11);
      expect(lease.isHeld).toBe(true);
      expect(lease.validUntil - clock.now()).toBeGreaterThan(end === 'deliver' ? TTL * 5 : 100);
      expect(lease.validUntil - clock.now()).toBeLessThanOrEqual(end === 'deliver' ? TTL * 10 : 300);
    },
  );

  it('to a shorter lease that Redis was never told of is forgotten', async () => {
    store.answer('renew', () => Promise.reject(broken({ applied: 'no' })));
    await rejection(lease.extend(300));
    store.answer('renew');
    await lease.extend(TTL);
    expect(lease.validUntil).toBe(validity(clock.now(), TTL));
  });

  it('to a shorter lease counts from the sending, because its reply may be lost', async () => {
    holdReplies();
    const sentAt = clock.now();
    void lease.extend(300);
    expect(lease.validUntil).toBe(validity(sentAt, 300));
    await clock.advance(300);
    expect(lease.isHeld).toBe(false);
  });

  it('to a shorter lease is renewed in time, by its own length', async () => {
    await lease.extend(300);
    await clock.advance(TTL);
    expect(lease.isHeld).toBe(true);
    expect((await store.inner.inspect('a'))?.ttl).toBeLessThanOrEqual(300);
  });

  it('to a shorter lease is not undone by the reply to a renewal that was sent before', async () => {
    holdReplies();
    await clock.advance(1_000);
    const sentAt = clock.now();
    void lease.extend(300);
    await clock.settle();
    replies[0]?.deliver();
    await clock.settle();
    expect(lease.validUntil).toBeLessThanOrEqual(validity(sentAt, 300));
    expect((await store.inner.inspect('a'))?.ttl).toBeLessThanOrEqual(300);
  });

  it('a reply that comes after that of a later command does not count', async () => {
    holdReplies();
    void lease.extend(TTL * 10);
    await clock.advance(100);
    const sentAt = clock.now();
    void lease.extend(600);
    await clock.settle();
    replies[1]?.deliver();
    await clock.settle();
    replies[0]?.deliver();
    await clock.settle();
    expect(lease.validUntil).toBe(validity(sentAt, 600));
  });

  it('rejects with what the store said, and the lease goes on', async () => {
    store.answer('renew', () => Promise.reject(broken()));
    expect(await rejection(lease.extend(TTL))).toMatchObject({ name: 'StoreFailure' });
    store.answer('renew');
    await clock.advance(TTL * 3);
    expect(lease.isHeld).toBe(true);
  });

  it('of a lease that is gone tells of the loss', async () => {
    await store.inner.forceRelease('a');
    await lease.extend(TTL);
    expect(losses).toEqual(['expired']);
    expect(await store.inner.inspect('a')).toBeNull();
  });

  it('works without renewal, and does not begin it', async () => {
    lease.stopRenewal();
    await clock.advance(2_000);
    await lease.extend(TTL);
    store.calls.length = 0;
    await clock.advance(2_000);
    expect(lease.isHeld).toBe(true);
    expect(store.calls).toEqual([]);
    await clock.advance(1_000);
    expect(losses).toEqual(['expired']);
  });

  it('that is answered after the end starts nothing', async () => {
    holdReplies();
    const extended = watch(lease.extend(TTL));
    await clock.settle();
    await lease.giveBack(0);
    replies[0]?.deliver();
    await clock.advance(TTL * 2);
    expect(extended.state).toBe('fulfilled');
    expect(clock.pending).toBe(0);
    expect(losses).toEqual([]);
  });
});
