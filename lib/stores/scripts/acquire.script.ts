import type { AcquireOutcome } from '../../engine/lock-store.interface.js';
import { wrongType } from '../redis-failure.js';
import { BUSY, decodeBusy } from './busy.lua.js';
import { defineScriptForEach } from './define-script.js';
import { FENCING } from './fencing.lua.js';
import { PROLONG } from './lease.lua.js';

/**
 * Takes each free lock and mints its fencing tokens.
 *
 * A lock that holds `value` already counts as taken, and its lease lasts `ttl` at least: a client that sends the command again after a lost reply
 * must find itself, not a stranger.
 *
 * `value`: owner token and metadata; `ttl`: ms; `tokens`: size of the block. Least Redis version 5; O(1).
 *
 * Replies:
 *
 * - `> 0` acquired: the first fencing token
 * - `0` the key holds data of another type
 * - `-1` busy, and the key has no expiry
 * - `<= -2` busy for another `(-2 - reply) / 2` ms, rounded down; odd when the holder wakes no other process
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
  decode(reply, isResent): AcquireOutcome {
    if (reply > 0) return { status: 'acquired', fencingToken: reply, isResent };
    if (reply === 0) throw wrongType();
    return decodeBusy(reply, isResent);
  },
});
