import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const STEP_MS = 10;
/** What a try, its reply and a wake-up take on a machine that does nothing else. */
const ROUND_TRIPS_MS = 100;
/** Another process, and the server, lose about as much as this one. */
const PROCESSES = 3;

/** How much time machine and server lose: what is late in this process, and what a direct PING takes. */
export interface Delay {
  /** `ms`, and what was lost since `from`, which is a time of `performance.now()`. */
  limit(ms: number, from: number): number;
  stop(): void;
}

export function watchDelay(url: string): Delay {
  const lost: { readonly at: number; readonly ms: number }[] = [];
  const stopped = new AbortController();
  const client: Redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => STEP_MS });
  client.on('error', () => undefined);
  const measure = async (wait: () => Promise<unknown>, expected: number): Promise<void> => {
    while (!stopped.signal.aborted) {
      const begin = performance.now();
      await wait();
      const at = performance.now();
      if (at - begin > expected) lost.push({ at, ms: at - begin - expected });
    }
  };
  void measure(() => sleep(STEP_MS), STEP_MS + 1);
  void measure(() => client.ping().then(() => sleep(STEP_MS)), STEP_MS + 1).catch(() => undefined);
  return {
    limit: (ms, from) => ms + ROUND_TRIPS_MS + PROCESSES * lost.reduce((total, one) => total + Math.max(0, Math.min(one.ms, one.at - from)), 0),
    stop: () => {
      stopped.abort();
      client.disconnect();
    },
  };
}

