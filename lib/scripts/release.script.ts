import { defineScript } from './define-script.js';

/**
 * Gives back each lock that still holds our own value. Several locks in one call are independent of each other.
 *
 * Per lock i = 0, 1, … (least Redis version 5; O(1) each):
 *
 * - `KEYS[i+1]` the lock
 * - `ARGV[2i+1]` owner's value, `ARGV[2i+2]` ms that the key stays taken; 0 removes it now
 *
 * Replies one integer per lock, bare for a single one: `1` ours, and given back; `0` no such key; `-1` another value, left alone.
 */
export const RELEASE = defineScript(
  'release',
  /* lua */ `
local function release(lock, value, keep)
  local holder = redis.pcall('GET', lock)
  if holder ~= value then return holder and -1 or 0 end
  if keep == '0' then
    redis.call('DEL', lock)
  else
    redis.call('PEXPIRE', lock, keep)
  end
  return 1
end

if #KEYS == 1 then return release(KEYS[1], ARGV[1], ARGV[2]) end
local replies = {}
for i = 1, #KEYS do
  replies[i] = release(KEYS[i], ARGV[2 * i - 1], ARGV[2 * i])
end
return replies
`,
);
