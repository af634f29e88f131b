import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is truthy, and returns it. Fails after `timeoutMs`, with the last error of `ask` as its cause. */
export async function eventually<T>(ask: () => T | Promise<T>, timeoutMs = 5_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const answer = await ask();
      if (answer) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(5);
  } while (performance.now() < deadline);
  throw new Error(`Not within ${timeoutMs} ms: ${ask.toString()}`, { cause });
}
