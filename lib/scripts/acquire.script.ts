import { defineScript } from './define-script.js';

/**
 * Takes each free lock and mints its fencing token. Several locks in one call are independent of each other.
 *
 * A lock that already holds our own value counts as taken and starts its lease anew: a client that re-sends the command after a lost reply
 * must find itself, not a stranger.
 *
 * Per lock i = 0, 1, … (least Redis version 5; O(1) each):
 *
 * - `KEYS[2i+1]` the lock, `KEYS[2i+2]` its last fencing token
 * - `ARGV[1]` time that the last fencing token is kept, ms
 * - `ARGV[3i+2]` owner's value, `ARGV[3i+3]` ttl in ms, `ARGV[3i+4]` a number that the fencing token must exceed
 *
 * Replies one integer per lock, bare for a single one (an array costs a tenth of the script):
 *
 * - `> 0` acquired: the fencing token, the greatest of the server's time in microseconds, the last one + 1, and the floor + 1
 * - `0` the key holds data of another type
 * - `-1` busy, and the key has no expiry
 * - `<= -2` busy for another `-2 - reply` ms
 */
export const ACQUIRE = defineScript(
  'acquire',
  /* lua */ `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]

local function acquire(lock, fence, value, ttl, floor)
  if not redis.call('SET', lock, value, 'NX', 'PX', ttl) then
    local holder = redis.pcall('GET', lock)
    if type(holder) == 'table' then return 0 end
    if holder ~= value then
      local left = redis.call('PTTL', lock)
      return left < 0 and -1 or -2 - left
    end
    redis.call('PEXPIRE', lock, ttl)
  end
  local last = redis.pcall('GET', fence)
  last = type(last) == 'string' and tonumber(last) or 0
  local token = math.max(micros, last + 1, floor + 1)
  redis.call('SET', fence, string.format('%.0f', token), 'PX', ARGV[1])
  return token
end

if #KEYS == 2 then return acquire(KEYS[1], KEYS[2], ARGV[2], ARGV[3], ARGV[4]) end
local replies = {}
for i = 1, #KEYS / 2 do
  replies[i] = acquire(KEYS[2 * i - 1], KEYS[2 * i], ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1])
end
return replies
`,
);
