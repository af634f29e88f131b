import type { ReleaseOutcome } from '../../interfaces/lock.interface.js';
import { defineScriptForEach } from './define-script.js';
import { PASS_ON } from './queue.lua.js';

/**
 * Gives back each lock that still holds `value`: to the process that waits longest, or to the next that comes.
 *
 * `value`: owner token and metadata; `keep`: ms that the key stays taken, 0 to give it back now; `ahead`: ms for which the lock is kept for a process that polls, as long as
 * the releasing process had it. Least Redis version 5; O(1), and O(log n) in the processes that wait.
 *
 * Replies: `1` given back; `0` no such key; `-1` another value, left alone.
 */
export const RELEASE = defineScriptForEach('release', {
  keys: ['key', 'queue'],
  args: ['value', 'keep', 'ahead'],
  prelude: PASS_ON,
  lua: /* lua */ `
  local holder = redis.pcall('GET', key)
  if holder ~= value then return holder and -1 or 0 end
  if keep ~= '0' then
    redis.call('PEXPIRE', key, keep)
  elseif not passOn(key, queue, tonumber(ahead)) then
    redis.call('DEL', key)
  end
  return 1`,
  decode(reply, isResent): ReleaseOutcome {
    // A client that lost its connection sends the command again, when the first one has already removed the key and others may have taken it.
    if (reply === 1 || isResent) return 'released';
    return reply === 0 ? 'expired' : 'stolen';
  },
});
