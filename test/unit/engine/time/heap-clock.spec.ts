import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { HeapClock } from '../../../../lib/engine/time/heap-clock.js';
import { plainClock } from '../../../../lib/engine/time/clock.js';
import { SEED } from '../../../support/seed.js';

describe('HeapClock', () => {
  let clock: HeapClock;

  beforeEach(() => {
    jest.useFakeTimers();
    clock = new HeapClock();
  });
  afterEach(() => void jest.useRealTimers());

  it(`rings every alarm once, in the order of their instants, and none that was cleared (SEED=${SEED})`, () => {
    const alarm = fc.record({
      delay: fc.integer({ min: 0, max: 1_000 }),
      isCleared: fc.boolean(),
      after: fc.integer({ min: 0, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(alarm, { maxLength: 200 }), (alarms) => {
        const rung: number[] = [];
        const expected: number[] = [];
        for (const { delay, isCleared, after } of alarms) {
          const at = clock.now() + delay;
          const timer = clock.setTimer(delay, () => rung.push(at), 'process');
          jest.advanceTimersByTime(after);
          if (isCleared) clock.clearTimer(timer);
          if (!isCleared || at <= clock.now()) expected.push(at);
        }
        jest.advanceTimersByTime(2_000);
        expect(rung).toEqual([...expected].sort((one, other) => one - other));
        expect(jest.getTimerCount()).toBe(0);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it(`rings what is set and cleared by alarms that ring (SEED=${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 50 }), (delays) => {
        let rung = 0;
        for (const delay of delays) {
          const doomed = clock.setTimer(delay * 2, () => (rung += 1_000), 'process');
          clock.setTimer(
            delay,
            () => {
              clock.clearTimer(doomed);
              clock.setTimer(delay, () => (rung += 1), 'process');
            },
            'background',
          );
        }
        jest.advanceTimersByTime(1_000);
        expect(rung).toBe(delays.length);
        expect(jest.getTimerCount()).toBe(0);
      }),
      { seed: SEED },
    );
  });

  it('needs one timer of Node for all', () => {
    const alarms = Array.from({ length: 1_000 }, (_, index) =>
      clock.setTimer(1_000 - index, () => undefined, 'process'),
    );
    expect(jest.getTimerCount()).toBe(1);
    alarms.forEach((alarm) => clock.clearTimer(alarm));
    jest.advanceTimersByTime(1_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('rings no earlier than asked and hardly later', () => {
    const begin = clock.now();
    const late: number[] = [];
    for (const delay of [0, 1, 10.5, 33.3, 500])
      clock.setTimer(delay, () => late.push(clock.now() - begin - delay), 'process');
    jest.advanceTimersByTime(1_000);
    expect(late).toHaveLength(5);
    for (const ms of late) {
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(2);
    }
  });

  it('takes a longer delay than a timer of Node can count', () => {
    const ring = jest.fn();
    clock.setTimer(2_147_483_648, ring, 'process');
    jest.advanceTimersByTime(10_000);
    expect(ring).not.toHaveBeenCalled();
  });

  it('C2: an alarm rings a second after the machine was woken, at the latest, when it was due while the machine was suspended', () => {
    const ring = jest.fn();
    clock.setTimer(8_000, ring, 'process');
    jest.advanceTimersByTime(500);
    // In a suspended machine the monotonic clock stands still, and the wall clock does not.
    jest.setSystemTime(Date.now() + 9_000);
    jest.advanceTimersByTime(1_000);
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('calls back once what had come by then was read', async () => {
    jest.useRealTimers();
    const { port1, port2 } = new MessageChannel();
    const order: string[] = [];
    port2.on('message', () => order.push('read'));
    port1.postMessage('come');
    await new Promise<void>((resolve) =>
      clock.setTimer(
        0,
        () => {
          const end = performance.now() + 20;
          while (performance.now() < end);
          clock.afterReads(() => {
            order.push('after reads');
            resolve();
          });
        },
        'process',
      ),
    );
    port1.close();
    expect(order).toEqual(['read', 'after reads']);
  });

  it('rings the other alarms when one throws', () => {
    const ring = jest.fn();
    clock.setTimer(
      10,
      () => {
        throw new Error('thrown in an alarm');
      },
      'process',
    );
    clock.setTimer(10, ring, 'process');
    clock.setTimer(20, ring, 'process');
    expect(() => jest.advanceTimersByTime(15)).toThrow('thrown in an alarm');
    jest.advanceTimersByTime(30);
    expect(ring).toHaveBeenCalledTimes(2);
  });

  it('clearing an alarm twice, after it rang, or none at all, does nothing', () => {
    const ring = jest.fn();
    const alarm = clock.setTimer(10, ring, 'process');
    const other = clock.setTimer(20, ring, 'process');
    jest.advanceTimersByTime(10);
    clock.clearTimer(alarm);
    clock.clearTimer(alarm);
    clock.clearTimer(undefined);
    jest.advanceTimersByTime(10);
    expect(ring).toHaveBeenCalledTimes(2);
    clock.clearTimer(other);
  });
});

describe.each([
  ['HeapClock', () => new HeapClock()],
  ['plainClock', () => plainClock],
])('%s and the life of the process', (_, open) => {
  /** Node names a timer here only while it keeps the process alive. */
  const keepers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it("is kept alive by 'process' alarms and by no others", () => {
    const clock = open();
    const before = keepers();
    const background = clock.setTimer(60_000, () => undefined, 'background');
    expect(keepers()).toBe(before);
    const alarm = clock.setTimer(90_000, () => undefined, 'process');
    expect(keepers()).toBe(before + 1);
    const sooner = clock.setTimer(30_000, () => undefined, 'background');
    expect(keepers()).toBe(before + 1);
    clock.clearTimer(alarm);
    expect(keepers()).toBe(before);
    clock.clearTimer(background);
    clock.clearTimer(sooner);
    expect(keepers()).toBe(before);
  });

  it('tells both times in milliseconds', () => {
    const clock = open();
    expect(Math.abs(clock.now() - performance.now())).toBeLessThan(100);
    expect(Math.abs(clock.epoch() - Date.now())).toBeLessThan(100);
  });
});
