import { defineScriptForEach } from './define-script.js';
import { PASS_ON } from './queue.lua.js';

/**
 * Gives back each lock that still holds our own value: to the process that waits longest, or to whoever comes.
 *
 * `value`: owner token and metadata; `keep`: ms that the key stays taken, 0 to give it back now; `ahead`: ms for which a process that polls may have it kept, as long as we had
 * it. Least Redis version 5; O(1), and O(log n) in the processes that wait.
 *
 * Replies: `1` ours, and given back; `0` no such key; `-1` another value, left alone.
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
});
