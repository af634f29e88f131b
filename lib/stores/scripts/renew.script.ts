import { defineScriptForEach } from './define-script.js';
import { PROLONG } from './lease.lua.js';

/**
 * Lets the lease of each lock that still holds our own value last `ttl` from now; never creates a key. Only where the holder asks for a shorter
 * lease than it has (`shorten`) does it become shorter.
 *
 * `value`: owner token and metadata; `ttl`: ms; `shorten`: '1' or '0'. Least Redis version 2.6; O(1).
 *
 * Replies: `1` renewed; `0` no such key; `-1` another value, left alone.
 */
export const RENEW = defineScriptForEach('renew', {
  keys: ['key'],
  args: ['value', 'ttl', 'shorten'],
  prelude: PROLONG,
  lua: /* lua */ `
  local holder = redis.pcall('GET', key)
  if holder ~= value then return holder and -1 or 0 end
  if shorten == '1' then return redis.call('PEXPIRE', key, ttl) end
  prolong(key, ttl)
  return 1`,
});
