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
 * Replies one integer per lock:
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
local replies = {}
for i = 1, #KEYS / 2 do
  local lock, fence = KEYS[2 * i - 1], KEYS[2 * i]
  local value, ttl, floor = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  local acquired = redis.call('SET', lock, value, 'NX', 'PX', ttl)
  if not acquired then
    local holder = redis.pcall('GET', lock)
    if holder == value then
      acquired = redis.call('PEXPIRE', lock, ttl)
    elseif type(holder) == 'table' then
      replies[i] = 0
    else
      local left = redis.call('PTTL', lock)
      replies[i] = left < 0 and -1 or -2 - left
    end
  end
  if acquired then
    local last = redis.pcall('GET', fence)
    last = type(last) == 'string' and tonumber(last) or 0
    local token = math.max(micros, last + 1, floor + 1)
    redis.call('SET', fence, string.format('%.0f', token), 'PX', ARGV[1])
    replies[i] = token
  end
end
return replies
`,
);
