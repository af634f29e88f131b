/**
 * `mint(fence, floor, tokens)`: reserves a block of fencing tokens and returns its first: the greatest of the server's time in microseconds, the
 * last token of the key + 1, and the floor + 1. Needs `retention`, the ms that the last token is kept.
 */
export const FENCING = /* lua */ `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]

local function mint(fence, floor, tokens)
  local last = redis.pcall('GET', fence)
  last = type(last) == 'string' and tonumber(last) or 0
  local token = math.max(micros, last + 1, floor + 1)
  redis.call('SET', fence, string.format('%.0f', token + tokens - 1), 'PX', retention)
  return token
end
`;
