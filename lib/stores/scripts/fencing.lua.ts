/**
 * How long the last fencing token of a key outlives it. The server's clock alone makes tokens increase; the stored one only bridges a clock
 * that steps back, or a replica whose clock is behind, by up to this much. Each key leaves its token in Redis for this long, so it is no longer than needed.
 */
export const FENCE_RETENTION_MS = 60_000;

/** A stored number that is a day ahead of the server's clock was not written by this package: no clock steps back so far, and no block is so large. */
export const FENCE_LEAD_US = 86_400_000_000;

/**
 * `mint(fence, tokens)`: reserves a block of fencing tokens and returns its first: the greater of the server's time in microseconds and the last
 * token of the key + 1. It overwrites what is stored there and is no token.
 */
export const FENCING = /* lua */ `
local function mint(fence, tokens)
  local time = redis.call('TIME')
  local token = time[1] * 1000000 + time[2]
  local last = tonumber(redis.pcall('GET', fence))
  if last and last >= token and last - token < ${FENCE_LEAD_US} then token = last + 1 end
  redis.call('SET', fence, token + tokens - 1, 'PX', ${FENCE_RETENTION_MS})
  return token
end
`;
