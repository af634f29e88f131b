import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import { printValue } from '../../options/print-value.js';
import { MAX_TIMER_MS, MIN_TTL_MS } from '../../redis-lock.constants.js';

/**
 * Checks the length of a lease.
 *
 * @throws {RedisLockOptionsError}
 */
export function checkTtl(ttl: unknown): void {
  if (Number.isInteger(ttl) && (ttl as number) >= MIN_TTL_MS && (ttl as number) <= MAX_TIMER_MS) return;
  const remedy = `pass an integer number of milliseconds from ${MIN_TTL_MS} to ${MAX_TIMER_MS}`;
  throw new RedisLockOptionsError({ option: 'ttl', value: printValue(ttl), remedy });
}
