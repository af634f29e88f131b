import { defineScript } from './define-script.js';

/**
 * Reads the holder's value and the rest of its lease at one moment.
 *
 * `KEYS[1]` the lock. Least Redis version 2.6; O(1).
 *
 * Replies nil when nobody holds it, else `{ value, ms }`, where ms is -1 without an expiry. Fails with WRONGTYPE on data of another type.
 */
export const INSPECT = defineScript(
  'inspect',
  /* lua */ `
local holder = redis.call('GET', KEYS[1])
if not holder then
  return false
end
return { holder, redis.call('PTTL', KEYS[1]) }
`,
);
