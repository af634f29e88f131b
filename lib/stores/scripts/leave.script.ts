import { defineScriptForEach } from './define-script.js';
import { DEQUEUE, IS_OURS, PASS_ON } from './queue.lua.js';

/**
 * Takes our process out of the queue. A lock that is reserved for it passes on, and so does one that is free: perhaps it was our process that was woken for it, and came
 * too late.
 *
 * `inbox`: our process's channel. Least Redis version 5; O(log n) in the processes that wait.
 *
 * Replies `1`.
 */
export const LEAVE = defineScriptForEach('leave', {
  keys: ['key', 'queue'],
  common: ['inbox'],
  args: [],
  prelude: PASS_ON + DEQUEUE + IS_OURS,
  lua: /* lua */ `
  dequeue(queue, inbox)
  local holder = redis.pcall('GET', key)
  if holder and not isOurs(holder, inbox) then return 1 end
  if not passOn(key, queue, 0) and holder then
    redis.call('DEL', key)
  end
  return 1`,
});
