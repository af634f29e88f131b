import { watchDelay, type Delay } from './delay.js';

const ATTEMPTS = 3;
const SLOWER = 4;

/**
 * Runs a test that a slow machine can break: its leases end when nobody comes to renew them. `attempt` multiplies its times by `scale`, which
 * is one at first. A failure counts when the machine was as fast as it has to be: no step of `Delay` lost more than `bearable` milliseconds
 * times the scale. Otherwise another attempt has times four times as long; the failure of the third counts in any case.
 */
export async function atAnySpeed(
  bearable: number,
  attempt: (scale: number, delay: Delay) => Promise<void>,
  url = process.env.TEST_REDIS_URL,
): Promise<void> {
  for (let turn = 1, scale = 1; ; turn += 1, scale *= SLOWER) {
    const delay = watchDelay(url);
    try {
      return await attempt(scale, delay);
    } catch (error) {
      if (turn === ATTEMPTS || delay.longest <= bearable * scale) throw error;
    } finally {
      delay.stop();
    }
  }
}
