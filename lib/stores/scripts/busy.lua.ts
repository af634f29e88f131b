import type { BusyOutcome } from '../../engine/lock-store.interface.js';
import { RESERVED } from './queue.lua.js';

/**
 * `busy(key, holder)`: the reply for a lock that is held: `-1` without an expiry, else `-2 - 2 * ms`, and one less when the holder is a program
 * without this package, whose value is no owner token: it wakes no process that waits.
 */
export const BUSY = /* lua */ `
local function busy(key, holder)
  local left = redis.call('PTTL', key)
  if left < 0 then return -1 end
  local wakes = string.find(holder, '^[%w._-]+:%d+:%w+#%w+') or string.find(holder, '^${RESERVED}.*inbox:')
  return -2 - 2 * left - (wakes and 0 or 1)
end
`;

/** Reads the reply of `busy()`. */
export function decodeBusy(reply: number, isResent: boolean): BusyOutcome {
  if (reply === -1) return { status: 'busy', remaining: Infinity, wakes: false, isResent };
  const twice = -2 - reply;
  return { status: 'busy', remaining: Math.floor(twice / 2), wakes: twice % 2 === 0, isResent };
}
