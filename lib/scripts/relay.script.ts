import { defineScriptForEach } from './define-script.js';
import { FENCING } from './fencing.lua.js';
import { ENQUEUE, PASS_ON } from './queue.lua.js';

/**
 * Asks whether another process waits. If none does, the lease starts anew with a fresh block of fencing tokens. Else the lock passes on, and
 * our process goes to the end of the queue; or, while one of ours still holds it, nothing happens yet.
 *
 * `retention`, `grace`, `slack`, `ttl`: ms; `inbox`: our process's channel, '' when it cannot be woken; `held`: '1' while one of ours holds
 * it. Least Redis version 5; O(log n) in the processes that wait.
 *
 * Replies: `> 0` kept: the first fencing token; `0` no such key; `-1` another value, left alone; `-2` passed on; `-3` wanted.
 */
export const RELAY = defineScriptForEach('relay', {
  keys: ['lock', 'fence', 'queue'],
  common: ['retention', 'grace', 'counts', 'inbox', 'slack'],
  args: ['value', 'ttl', 'tokens', 'held'],
  prelude: FENCING + PASS_ON + ENQUEUE,
  lua: /* lua */ `
  local holder = redis.pcall('GET', lock)
  if holder ~= value then return holder and -1 or 0 end
  if held == '1' then
    if redis.call('ZCARD', queue) > 0 then return -3 end
  elseif passOn(lock, queue) then
    if inbox ~= '' then enqueue(queue, grace + slack) end
    return -2
  end
  redis.call('PEXPIRE', lock, ttl)
  return mint(fence, 0, tokens)`,
});
