import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WakeUps, type Sleeper } from '../../../../lib/engine/queue/wake-ups.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { broken, TappedStore } from '../../../support/tapped-store.js';

describe('WakeUps', () => {
  let store: TappedStore;
  let wakeUps: WakeUps;
  let sleeper: jest.Mocked<Sleeper>;
  let refusals: Error[];
  let troubles: Error[];

  beforeEach(() => {
    store = new TappedStore(new FakeClock());
    sleeper = { wake: jest.fn() };
    refusals = [];
    troubles = [];
    wakeUps = new WakeUps({
      store,
      sleeperFor: (key) => (key === 'a' ? sleeper : undefined),
      sleepers: () => [sleeper],
      onRefused: (refusal) => refusals.push(refusal),
      onTrouble: (error) => troubles.push(error),
    });
  });

  it('opens the inbox once, when somebody has to wait', () => {
    const listen = jest.spyOn(store, 'listen');
    expect(listen).not.toHaveBeenCalled();
    wakeUps.open();
    wakeUps.open();
    expect(listen).toHaveBeenCalledTimes(1);
    expect(wakeUps.arrive).toBe(false);
  });

  it('W3a: tells all who sleep that wake-ups arrive, because those before were lost', () => {
    wakeUps.open();
    store.listener?.onOpen();
    expect(wakeUps.arrive).toBe(true);
    expect(sleeper.wake).toHaveBeenCalledTimes(1);
  });

  it('wakes the one who sleeps for the key', () => {
    wakeUps.open();
    store.listener?.onWake('a');
    expect(sleeper.wake).toHaveBeenCalledTimes(1);
    expect(store.of('leave')).toEqual([]);
  });

  it('W3a: passes a wake-up on when nobody sleeps for the key any more', () => {
    store.answer('leave', () => Promise.reject(broken()));
    wakeUps.open();
    store.listener?.onWake('b');
    expect(store.of('leave').map(({ key }) => key)).toEqual(['b']);
    expect(sleeper.wake).not.toHaveBeenCalled();
  });

  it('W3b: does not count on wake-ups while the inbox is closed', () => {
    wakeUps.open();
    store.listener?.onOpen();
    store.listener?.onClosed();
    expect(wakeUps.arrive).toBe(false);
    expect(sleeper.wake).toHaveBeenCalledTimes(2);
    store.listener?.onOpen();
    expect(wakeUps.arrive).toBe(true);
    expect(refusals).toEqual([]);
  });

  it('W3e: tells of trouble, and waiting is polling meanwhile', () => {
    wakeUps.open();
    const trouble = new Error('WRONGPASS');
    store.listener?.onTrouble?.(trouble);
    expect(troubles).toEqual([trouble]);
    expect(wakeUps.arrive).toBe(false);
    store.listener?.onOpen();
    expect(wakeUps.arrive).toBe(true);
  });

  it('W3e: tells of a refusal', () => {
    wakeUps.open();
    const refusal = new Error('NOPERM');
    store.listener?.onClosed(refusal);
    expect(wakeUps.arrive).toBe(false);
    expect(refusals).toEqual([refusal]);
  });
});
