import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AwakeTime } from '../../../../lib/engine/time/awake-time.js';

describe('AwakeTime', () => {
  let time: AwakeTime;
  let begin: number;

  beforeEach(() => {
    jest.useFakeTimers();
    time = new AwakeTime();
    begin = time.now();
  });
  afterEach(() => void jest.useRealTimers());

  const passed = (): number => time.now() - begin;
  /** The wall clock goes on alone, as while the machine is suspended, or when somebody sets it. */
  const setWallClock = (by: number): void => jest.setSystemTime(Date.now() + by);

  it('passes as the monotonic clock does', () => {
    jest.advanceTimersByTime(1_234);
    expect(passed()).toBe(1_234);
  });

  it('C2: counts the time for which the machine was suspended, each time', () => {
    jest.advanceTimersByTime(100);
    setWallClock(8_400);
    expect(passed()).toBe(8_500);
    jest.advanceTimersByTime(100);
    setWallClock(60_000);
    expect(passed()).toBe(68_600);
    expect(passed()).toBe(68_600);
  });

  it('C2: never goes back, whatever the wall clock does, and does not count twice what it had lost', () => {
    setWallClock(-3_600_000);
    jest.advanceTimersByTime(5);
    expect(passed()).toBe(5);
    jest.advanceTimersByTime(10);
    expect(passed()).toBe(15);
  });

  it('does not take a clock that is set right little by little for a suspended machine', () => {
    for (let step = 0; step < 1_000; step += 1) {
      jest.advanceTimersByTime(10);
      setWallClock(1);
      time.now();
    }
    expect(passed()).toBe(10_000);
  });
});
