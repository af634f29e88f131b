import { defineScript } from './define-script.js';

/**
 * Starts the lease of each lock anew that still holds our own value; never creates a key. Several locks in one call are independent.
 *
 * Per lock i = 0, 1, … (least Redis version 5; O(1) each):
 *
 * - `KEYS[i+1]` the lock
 * - `ARGV[2i+1]` owner's value, `ARGV[2i+2]` ttl in ms
 *
 * Replies one integer per lock: `1` renewed; `0` no such key; `-1` another value, left alone.
 */
export const RENEW = defineScript(
  'renew',
  /* lua */ `
local replies = {}
for i = 1, #KEYS do
  local holder = redis.pcall('GET', KEYS[i])
  if holder == ARGV[2 * i - 1] then
    replies[i] = redis.call('PEXPIRE', KEYS[i], ARGV[2 * i])
  else
    replies[i] = holder and -1 or 0
  end
end
return replies
`,
);
