import { defineScriptForEach } from './define-script.js';
import { DEQUEUE, IS_OURS, PASS_ON } from './queue.lua.js';

/**
 * Takes a process out of the queue. A lock that is reserved for the process passes on, and so does one that is free: the process may have been woken for it and
 * come too late.
 *
 * `inbox`: the channel of the process. Least Redis version 5; O(log n) in the processes that wait.
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
  decode: () => undefined,
});
