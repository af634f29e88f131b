import { describe, expect, it } from '@jest/globals';
import { startRedis } from '../support/redis-server.js';
import { runProgram } from '../support/run-program.js';

interface Report {
  readonly before: object;
  readonly after: object;
  readonly timers: number;
  readonly bytesPerKey: number;
  readonly channels: number;
  readonly left: readonly string[];
}

describe('after 30,000 distinct keys and 10,000 waiters who gave up', () => {
  it('O6: heap, timers, listeners, sockets, subscriptions and keys are what they were before', async () => {
    const server = await startRedis();
    try {
      const program = runProgram('integration/programs/leaks.ts', { REDIS_URL: server.url });
      expect(await program.exited).toEqual({ code: 0, signal: null });
      const { before, after, timers, bytesPerKey, channels, left } = JSON.parse(program.output()) as Report;
      expect(after).toEqual(before);
      // The clock of each of the two modules has one timer, which may be about to ring for nothing.
      expect(timers).toBeLessThanOrEqual(2);
      // One entry of a Map alone takes more than this.
      expect(bytesPerKey).toBeLessThan(32);
      expect(channels).toBe(2);
      expect(left).toEqual([]);
    } finally {
      await server.stop('SIGKILL');
    }
  });
});
