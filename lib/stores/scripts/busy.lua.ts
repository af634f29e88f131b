import { RESERVED } from './queue.lua.js';

/**
 * `busy(key, holder)`: the reply for a lock that is held: `-1` without an expiry, else `-2 - 2 * ms`, and one less when the holder is a program
 * that wakes nobody: its value is no owner token of ours.
 */
export const BUSY = /* lua */ `
local function busy(key, holder)
  local left = redis.call('PTTL', key)
  if left < 0 then return -1 end
  local wakes = string.find(holder, '^[%w._-]+:%d+:%w+#%w+') or string.find(holder, '^${RESERVED}.*inbox:')
  return -2 - 2 * left - (wakes and 0 or 1)
end
`;
