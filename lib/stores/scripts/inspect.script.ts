import type { StoredLock } from '../../engine/lock-store.interface.js';
import { defineScript, type LockPart } from './define-script.js';

/** The keys that the script takes, in their order. */
export const INSPECTED: readonly [LockPart, ...LockPart[]] = ['key', 'queue'];

/**
 * Reads a lock at one moment.
 *
 * `KEYS[1]` the lock, `KEYS[2]` its queue. Least Redis version 2.6; O(1).
 *
 * Replies nil when the key is free, else `{ value, ms, processes }`: ms is -1 without an expiry; processes wait in the queue. Fails with
 * WRONGTYPE on data of another type.
 */
export const INSPECT = defineScript(
  'inspect',
  /* lua */ `
local holder = redis.call('GET', KEYS[1])
if not holder then
  return false
end
return { holder, redis.call('PTTL', KEYS[1]), redis.call('ZCARD', KEYS[2]) }
`,
);

/** Reads the reply. A client may be set to hand out numbers as strings. */
export function decodeInspect(reply: unknown): StoredLock | null {
  if (reply === null) return null;
  const [value, ttl, processes] = reply as [string, number | string, number | string];
  return { value, ttl: Number(ttl) < 0 ? Infinity : Number(ttl), processes: Number(processes) };
}
