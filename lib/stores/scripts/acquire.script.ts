import { BUSY } from './busy.lua.js';
import { defineScriptForEach } from './define-script.js';
import { FENCING } from './fencing.lua.js';
import { PROLONG } from './lease.lua.js';

/**
 * Takes each free lock and mints its fencing tokens.
 *
 * A lock that already holds our own value counts as taken and its lease lasts `ttl` at least: a client that re-sends the command after a lost reply
 * must find itself, not a stranger.
 *
 * `value`: owner token and metadata; `ttl`: ms; `tokens`: size of the block. Least Redis version 5; O(1).
 *
 * Replies:
 *
 * - `> 0` acquired: the first fencing token
 * - `0` the key holds data of another type
 * - `-1` busy, and the key has no expiry
 * - `<= -2` busy for another `(-2 - reply) / 2` ms, rounded down; an odd reply: nobody wakes us then
 */
export const ACQUIRE = defineScriptForEach('acquire', {
  keys: ['key', 'fence'],
  args: ['value', 'ttl', 'tokens'],
  prelude: FENCING + BUSY + PROLONG,
  lua: /* lua */ `
  if not redis.call('SET', key, value, 'NX', 'PX', ttl) then
    local holder = redis.pcall('GET', key)
    if type(holder) == 'table' then return 0 end
    if holder ~= value then return busy(key, holder) end
    prolong(key, ttl)
  end
  return mint(fence, tokens)`,
});
