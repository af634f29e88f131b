import { defineScriptForEach } from './define-script.js';
import { FENCE_LEAD_US, FENCE_RETENTION_MS } from './fencing.lua.js';
import { PROLONG } from './lease.lua.js';

/**
 * Makes the next fencing token of each lock that still holds our own value exceed `floor`, and lets its lease last `ttl` at least.
 *
 * `value`: owner token and metadata; `ttl`: ms. Least Redis version 2.6; O(1).
 *
 * Replies as renew.
 */
export const RAISE_FENCE = defineScriptForEach('raise-fence', {
  keys: ['key', 'fence'],
  args: ['value', 'ttl', 'floor'],
  prelude: PROLONG,
  lua: /* lua */ `
  local holder = redis.pcall('GET', key)
  if holder ~= value then return holder and -1 or 0 end
  local last = tonumber(redis.pcall('GET', fence))
  if not last or last < tonumber(floor) or not (last - floor < ${FENCE_LEAD_US}) then
    redis.call('SET', fence, floor, 'PX', ${FENCE_RETENTION_MS})
  end
  prolong(key, ttl)
  return 1`,
});
