import { describe, expect, it } from '@jest/globals';
import { Backoff } from '../../../../lib/engine/queue/backoff.js';

const RANDOMS = [0, 0.5, 0.999];
const LONG = 30_000;

describe.each(RANDOMS)('Backoff (random %d)', (random) => {
  const backoff = () => new Backoff(() => random);

  it('W2b: a process that polls rests 20 ms first, then twice as long each time, up to a rest of one to two seconds', () => {
    const rests = backoff();
    const first = rests.poll();
    expect(first).toBeGreaterThanOrEqual(15);
    expect(first).toBeLessThanOrEqual(25);
    const others = Array.from({ length: 20 }, () => rests.poll());
    for (const [index, ms] of others.slice(0, 5).entries()) expect(ms / first).toBeCloseTo(2 ** (index + 1), 0);
    expect(others.at(-1)).toBeGreaterThan(1_000);
    expect(others.at(-1)).toBeLessThan(1_800);
  });

  it('W3c: a process that polls comes when the lease in its way has ended, if that is sooner; not for one that has ended already', () => {
    const [first = 0, second = 0, third = 0] = [5, LONG, -1].map((remaining) => backoff().pollFor(remaining));
    expect(first).toBeGreaterThan(5);
    expect(first).toBeLessThanOrEqual(16);
    expect([second, third]).toEqual([backoff().poll(), backoff().poll()]);
  });

  it('W3b: a process that is woken rests less than two seconds, and more than one, however long the lease in its way', () => {
    const rests = backoff();
    for (let times = 0; times < 20; times += 1) {
      const ms = rests.rest(LONG);
      expect(ms).toBeGreaterThan(1_000);
      expect(ms).toBeLessThan(1_800);
    }
    expect(rests.rest(Infinity)).toBeLessThan(1_800);
  });

  it('W3c: a process that is woken looks first when the lease in its way ends, and not all in the same millisecond', () => {
    const ms = backoff().rest(300);
    expect(ms).toBeGreaterThan(300);
    expect(ms).toBeLessThanOrEqual(312);
  });

  it('W2b: a short lease that is renewed again and again is not looked at more than once a second in the end', () => {
    const rests = backoff();
    const all = Array.from({ length: 20 }, () => rests.rest(70));
    expect(all[0]).toBeLessThan(90);
    expect(all.at(-1)).toBeGreaterThan(1_000);
    expect(all.reduce((sum, ms) => sum + ms)).toBeGreaterThan(12_000);
  });
});
