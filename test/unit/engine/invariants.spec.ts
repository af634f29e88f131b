import { beforeEach, describe, expect, it } from '@jest/globals';
import { invariant } from '../../../lib/engine/invariant.js';
import { GiveBacks } from '../../../lib/engine/lease/give-backs.js';
import { Lease, type LeaseOwner } from '../../../lib/engine/lease/lease.js';
import { OrphanSweeper } from '../../../lib/engine/lease/orphan-sweeper.js';
import { Asking, type AskingOwner } from '../../../lib/engine/queue/asking.js';
import { Cohort } from '../../../lib/engine/queue/cohort.js';
import type { CohortContext } from '../../../lib/engine/queue/cohort-context.interface.js';
import { Tenure } from '../../../lib/engine/queue/tenure.js';
import { Waiter } from '../../../lib/engine/queue/waiter.js';
import { WaiterQueue } from '../../../lib/engine/queue/waiter-queue.js';
import { WakeUps } from '../../../lib/engine/queue/wake-ups.js';
import { DEFAULT_TERMS } from '../../../lib/options/lock-options.js';
import { FakeClock } from '../../support/fake-clock.js';
import { TappedStore } from '../../support/tapped-store.js';

const NOTHING = (): undefined => undefined;
const OWNER: LeaseOwner = { onReturn: () => false, onOver: NOTHING };
const ALONE = { lease: undefined, onDeserted: NOTHING };

describe('what the parts of the engine rely on', () => {
  let context: CohortContext;
  let values: number;

  const waiterFor = (key = 'a'): Waiter =>
    new Waiter({ key, terms: DEFAULT_TERMS, since: 0, isPlain: true }, context, NOTHING, NOTHING);
  const leaseOf = (owner: LeaseOwner): Lease =>
    new Lease(owner, context.store, context.clock, {
      key: 'a',
      value: 'mine',
      ttl: 3_000,
      renew: true,
      isPlain: true,
      sentAt: context.clock.now(),
    });

  beforeEach(() => {
    values = 0;
    const clock = new FakeClock();
    const store = new TappedStore(clock);
    const sweeper = new OrphanSweeper(store, clock);
    context = {
      store,
      clock,
      sweeper,
      newValue: () => `value-${(values += 1)}`,
      random: () => 0.5,
      giveBacks: new GiveBacks(store, clock, sweeper),
      wakeUps: new WakeUps({
        store,
        sleeperFor: NOTHING,
        sleepers: () => [],
        onRefused: NOTHING,
        onTrouble: NOTHING,
      }),
      maxWaiters: Infinity,
      quantum: { handOvers: 8, ms: 20 },
      onIdle: NOTHING,
    };
  });

  it('names the rule that does not hold', () => {
    expect(() => invariant(true, 'one is one')).not.toThrow();
    expect(() => invariant(false, 'one is two')).toThrow('Broken invariant of nestjs-redis-lock: one is two.');
  });

  it('only the head of the queue is let in', () => {
    const waiters = new WaiterQueue(ALONE, context);
    const [first, second] = [waiterFor(), waiterFor()];
    waiters.add(first);
    waiters.add(second);
    expect(() => waiters.grant(second, [leaseOf(OWNER)], 1)).toThrow('only the head of the queue is let in');
    waiters.grant(first, [leaseOf(OWNER)], 1);
    waiters.grant(second, [leaseOf(OWNER)], 2);
    expect([first.state, second.state]).toEqual(['granted', 'granted']);
  });

  it('a caller is answered once', () => {
    const waiter = waiterFor();
    waiter.grant([leaseOf(OWNER)], 1);
    expect(() => waiter.refuse(new Error('late'))).toThrow('a caller is answered once');
    expect(waiter.state).toBe('granted');
  });

  it('C6: the value of a caller is the same for all of its tries', () => {
    const waiter = waiterFor();
    const waiters = new WaiterQueue(ALONE, context);
    const asking = new Asking(context, {} as AskingOwner, waiter, waiters);
    expect(asking.tenure(1, 0).lease.value).toBe('value-1');
    Object.defineProperty(waiter, 'value', { get: () => context.newValue(undefined) });
    expect(() => asking.tenure(1, 0)).toThrow('the value of a caller is the same for all of its tries');
  });

  it('C7: a caller is let in only while fencing tokens are left', () => {
    const tenure = new Tenure(context, leaseOf(OWNER), { fencingToken: 7, tokens: 1, mayComeYet: false }, 0);
    expect(tenure.takeToken()).toBe(7);
    expect(() => tenure.takeToken()).toThrow('only while fencing tokens are left');
  });

  it('a lease is given back, or passed on, once', async () => {
    const lease = leaseOf(OWNER);
    expect(await lease.giveBack(0)).toBe('expired');
    expect(() => lease.giveBack(0)).toThrow('a lease is given back, or passed on, once');
    expect(() => lease.end()).toThrow('a lease is given back, or passed on, once');
    const passed = leaseOf(OWNER);
    passed.end();
    expect(() => passed.giveBack(0)).toThrow('a lease is given back, or passed on, once');
  });

  it('a lease that was lost is given back once all the same', async () => {
    const lease = leaseOf(OWNER);
    lease.lose('forced');
    lease.lose('shutdown');
    expect(await lease.giveBack(0)).toBe('expired');
    expect(() => lease.giveBack(0)).toThrow('a lease is given back, or passed on, once');
  });

  it('a lease that is not over is that of its cohort', () => {
    const cohort = new Cohort('a', context);
    const lease = leaseOf(cohort);
    expect(() => lease.lose('forced')).toThrow('a lease that is not over is that of its cohort');
  });
});
