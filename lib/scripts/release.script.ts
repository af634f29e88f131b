import { defineScript } from './define-script.js';

/**
 * Gives back each lock that still holds our own value. Several locks in one call are independent of each other.
 *
 * Per lock i = 0, 1, … (least Redis version 5; O(1) each):
 *
 * - `KEYS[i+1]` the lock
 * - `ARGV[2i+1]` owner's value, `ARGV[2i+2]` ms that the key stays taken; 0 removes it now
 *
 * Replies one integer per lock: `1` ours, and given back; `0` no such key; `-1` another value, left alone.
 */
export const RELEASE = defineScript(
  'release',
  /* lua */ `
local replies = {}
for i = 1, #KEYS do
  local holder = redis.pcall('GET', KEYS[i])
  local keep = ARGV[2 * i]
  if holder == ARGV[2 * i - 1] then
    if keep == '0' then
      redis.call('DEL', KEYS[i])
    else
      redis.call('PEXPIRE', KEYS[i], keep)
    end
    replies[i] = 1
  else
    replies[i] = holder and -1 or 0
  end
end
return replies
`,
);
