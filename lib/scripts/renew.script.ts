import { defineScript } from './define-script.js';

/**
 * Starts the lease of each lock anew that still holds our own value; never creates a key. Several locks in one call are independent.
 *
 * Per lock i = 0, 1, … (least Redis version 5; O(1) each):
 *
 * - `KEYS[i+1]` the lock
 * - `ARGV[2i+1]` owner's value, `ARGV[2i+2]` ttl in ms
 *
 * Replies one integer per lock, bare for a single one: `1` renewed; `0` no such key; `-1` another value, left alone.
 */
export const RENEW = defineScript(
  'renew',
  /* lua */ `
local function renew(lock, value, ttl)
  local holder = redis.pcall('GET', lock)
  if holder ~= value then return holder and -1 or 0 end
  return redis.call('PEXPIRE', lock, ttl)
end

if #KEYS == 1 then return renew(KEYS[1], ARGV[1], ARGV[2]) end
local replies = {}
for i = 1, #KEYS do
  replies[i] = renew(KEYS[i], ARGV[2 * i - 1], ARGV[2 * i])
end
return replies
`,
);
