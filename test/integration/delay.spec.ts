import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { blockEventLoop } from '../faults/support/faults.js';
import { atAnySpeed } from '../support/at-any-speed.js';
import { watchDelay, type Delay } from '../support/delay.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';

const STILL_MS = 300;
/** What may pass before and after a step. */
const TOLERANCE = 50;
const failure = new Error('of the test');

/** Times of a test are judged by this: it must excuse what machine and server take away, and nothing else. */
describe('the measure of delay', () => {
  let server: RedisServer;
  let delay: Delay;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop('SIGKILL'));
  afterEach(() => delay.stop());

  /** What was not lost since `from`. */
  const workedSince = (from: number): number => performance.now() - from - delay.lost(from);

  it('counts what this process could not do', () => {
    delay = watchDelay();
    const begin = performance.now();
    blockEventLoop(STILL_MS);
    expect(delay.lost(begin)).toBeGreaterThan(STILL_MS - TOLERANCE);
    expect(delay.longest).toBeGreaterThan(STILL_MS - TOLERANCE);
    expect(delay.limit(1_000, begin)).toBeGreaterThan(1_000 + STILL_MS - TOLERANCE);
  });

  it('forgets what was before', async () => {
    delay = watchDelay();
    blockEventLoop(STILL_MS);
    const from = performance.now();
    await eventually(() => workedSince(from) > 20);
    expect(delay.lost(from)).toBeLessThanOrEqual(performance.now() - from);
  });

  it('counts what the server took, unless the test says that it is not to be asked', async () => {
    delay = watchDelay(server.url);
    const begin = performance.now();
    await eventually(() => workedSince(begin) > 50);
    server.pause();
    try {
      const paused = performance.now();
      // Work goes on until the next PING is sent.
      await eventually(() => performance.now() - paused > STILL_MS);
      expect(workedSince(paused)).toBeLessThan(STILL_MS / 2);
      delay.askServer(false);
      const leftOut = performance.now();
      await eventually(() => workedSince(leftOut) > 50);
    } finally {
      server.resume();
    }
    delay.askServer(true);
    const resumed = performance.now();
    await eventually(() => workedSince(resumed) > 50);
  });

  it('does not let eventually() wait for ever', async () => {
    delay = watchDelay();
    expect((await rejection(eventually(() => false, 50))).message).toMatch(/^Not within 50 ms/);
  });

  it.each([
    ['at once when the machine was fast enough', 0, 3_600_000, [1]],
    ['for the third time when it never was', STILL_MS, 0, [1, 4, 16]],
  ])('a failure at any speed counts %s', async (_, stands, bearable, tried) => {
    delay = watchDelay();
    const scales: number[] = [];
    const attempt = async (scale: number): Promise<void> => {
      scales.push(scale);
      blockEventLoop(stands);
      throw failure;
    };
    expect(await rejection(atAnySpeed(bearable, attempt))).toBe(failure);
    expect(scales).toEqual(tried);
  });

  it('a success at any speed counts, though it was slow', async () => {
    delay = watchDelay();
    let attempts = 0;
    await atAnySpeed(0, async () => {
      attempts += 1;
      blockEventLoop(STILL_MS);
    });
    expect(attempts).toBe(1);
  });
});
