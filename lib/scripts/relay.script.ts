import { defineScriptForEach } from './define-script.js';
import { FENCING } from './fencing.lua.js';
import { ENQUEUE, PASS_ON, RESERVATION_MS } from './queue.lua.js';

/**
 * Asks whether another process waits. If none does, the lease starts anew with a fresh block of fencing tokens. Else the lock passes on, and
 * our process goes to the end of the queue; or, while one of ours still holds it, nothing happens yet.
 *
 * `value`: owner token and metadata; `ttl`: ms; `tokens`: size of the block; `held`: '1' while one of ours holds it; `inbox`: our process's
 * channel, '' when it cannot be woken. Least Redis version 5; O(log n) in the processes that wait.
 *
 * Replies: `> 0` kept: the first fencing token; `0` no such key; `-1` another value, left alone; `-2` passed on; `-3` wanted.
 */
export const RELAY = defineScriptForEach('relay', {
  keys: ['lock', 'fence', 'queue'],
  common: ['inbox'],
  args: ['value', 'ttl', 'tokens', 'held'],
  prelude: FENCING + PASS_ON + ENQUEUE,
  lua: /* lua */ `
  local holder = redis.pcall('GET', lock)
  if holder ~= value then return holder and -1 or 0 end
  if held == '1' then
    if redis.call('ZCARD', queue) > 0 then return -3 end
  elseif passOn(lock, queue) then
    if inbox ~= '' then enqueue(queue, ${RESERVATION_MS}) end
    return -2
  end
  redis.call('PEXPIRE', lock, ttl)
  return mint(fence, tokens)`,
});
