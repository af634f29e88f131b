/**
 * `prolong(key, ttl)`: lets the lease last `ttl` ms from now, unless it lasts longer already: a command that the client sent twice, or that an earlier
 * connection delivers late, must not shorten the lease that a later command has given.
 */
export const PROLONG = /* lua */ `
local function prolong(key, ttl)
  local left = redis.call('PTTL', key)
  if left < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
end
`;
