import { defineScriptForEach } from './define-script.js';

/**
 * Starts the lease of each lock anew that still holds our own value; never creates a key.
 *
 * `value`: owner token and metadata; `ttl`: ms. Least Redis version 2.6; O(1).
 *
 * Replies: `1` renewed; `0` no such key; `-1` another value, left alone.
 */
export const RENEW = defineScriptForEach('renew', {
  keys: ['lock'],
  args: ['value', 'ttl'],
  lua: /* lua */ `
  local holder = redis.pcall('GET', lock)
  if holder ~= value then return holder and -1 or 0 end
  return redis.call('PEXPIRE', lock, ttl)`,
});
