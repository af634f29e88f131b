import { setTimeout as sleep } from 'node:timers/promises';
import { watchDelay } from './delay.js';

/**
 * Asks again and again until the answer is truthy, and returns it. Fails after `timeoutMs` and whatever the machine takes away, with the last
 * error of `ask` as its cause.
 */
export async function eventually<T>(ask: () => T | Promise<T>, timeoutMs = 5_000): Promise<T> {
  const begin = performance.now();
  const delay = watchDelay();
  let cause: unknown;
  try {
    do {
      try {
        const answer = await ask();
        if (answer) return answer;
        cause = undefined;
      } catch (error) {
        cause = error;
      }
      await sleep(5);
    } while (performance.now() - begin < delay.limit(timeoutMs, begin));
  } finally {
    delay.stop();
  }
  throw new Error(`Not within ${timeoutMs} ms: ${ask.toString()}`, { cause });
}
