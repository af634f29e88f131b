import { defineScriptForEach } from './define-script.js';
import { FENCING } from './fencing.lua.js';
import { PROLONG } from './lease.lua.js';
import { ENQUEUE, IS_WANTED, PASS_ON } from './queue.lua.js';

/**
 * Asks whether another process waits. If none does, the lease lasts `ttl` from now with a fresh block of fencing tokens. Else the lock passes on, and
 * our process goes to the end of the queue; or, while one of ours still holds it, nothing happens yet. In mode `open` the lock is free whoever waits: for programs
 * that never stand in the queue.
 *
 * `value`: owner token and metadata; `ttl`: ms; `tokens`: size of the block; `mode`: `held` while one of ours holds it, `free`, or `open`; `ahead`: ms that our process would
 * keep it before it asks again, so that a process that polls and comes within that time gets it; `inbox`: our process's channel, '' when it cannot be woken. Least Redis version
 * 6.2; O(log n) in the processes that wait.
 *
 * Replies: `> 0` kept: the first fencing token; `0` no such key; `-1` another value, left alone; `-2` passed on; `-3` wanted; `-4` opened.
 */
export const RELAY = defineScriptForEach('relay', {
  keys: ['key', 'fence', 'queue'],
  common: ['inbox'],
  args: ['value', 'ttl', 'tokens', 'mode', 'ahead'],
  prelude: FENCING + PROLONG + PASS_ON + IS_WANTED + ENQUEUE,
  lua: /* lua */ `
  local holder = redis.pcall('GET', key)
  if holder ~= value then return holder and -1 or 0 end
  local gone
  if mode == 'held' then
    if isWanted(queue, tonumber(ahead)) then return -3 end
  elseif mode == 'open' then
    gone = redis.call('DEL', key) and -4
  elseif passOn(key, queue, tonumber(ahead)) then
    gone = -2
  end
  if gone then
    if inbox ~= '' then enqueue(queue, inbox, '') end
    return gone
  end
  prolong(key, ttl)
  return mint(fence, tokens)`,
});
