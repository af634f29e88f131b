import type { RenewOutcome } from '../../engine/lock-store.interface.js';
import { defineScriptForEach } from './define-script.js';
import { PROLONG } from './lease.lua.js';

/**
 * Lets the lease of each lock that still holds `value` last `ttl` from now; never creates a key. A lease becomes shorter only where its holder asks for that
 * (`shorten`).
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
  decode(reply, isResent): RenewOutcome {
    if (reply === 1) return isResent ? 'resent' : 'renewed';
    return reply === 0 ? 'expired' : 'stolen';
  },
});
