/**
 * How long the last fencing token of a key outlives it. The server's clock alone makes tokens increase; the stored one only bridges a clock
 * that steps back, or a replica whose clock is behind, by up to this much.
 */
export const FENCE_RETENTION_MS = 600_000;

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
