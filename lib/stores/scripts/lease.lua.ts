/**
 * `prolong(key, ttl)`: lets the lease last `ttl` ms from now, unless it lasts longer already: a command that a client sent again, or one that an
 * earlier connection delivers late, must not shorten what a later one has given.
 */
export const PROLONG = /* lua */ `
local function prolong(key, ttl)
  local left = redis.call('PTTL', key)
  if left < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
end
`;
