import { FENCE_RETENTION_MS } from '../redis-lock.constants.js';

/**
 * `mint(fence, tokens)`: reserves a block of fencing tokens and returns its first: the greater of the server's time in microseconds and the last
 * token of the key + 1.
 */
export const FENCING = /* lua */ `
local function mint(fence, tokens)
  local time = redis.call('TIME')
  local token = time[1] * 1000000 + time[2]
  local last = tonumber(redis.pcall('GET', fence))
  if last and last >= token then token = last + 1 end
  redis.call('SET', fence, token + tokens - 1, 'PX', ${FENCE_RETENTION_MS})
  return token
end
`;
