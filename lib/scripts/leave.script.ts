import { defineScriptForEach } from './define-script.js';
import { PASS_ON, RESERVED } from './queue.lua.js';

/**
 * Takes our process out of the queue; a reservation for it passes on.
 *
 * `inbox`: our process's channel. Least Redis version 5; O(log n) in the processes that wait.
 *
 * Replies `1`.
 */
export const LEAVE = defineScriptForEach('leave', {
  keys: ['lock', 'queue'],
  common: ['inbox'],
  args: [],
  prelude: PASS_ON,
  lua: /* lua */ `
  redis.call('ZREM', queue, inbox)
  if redis.pcall('GET', lock) == '${RESERVED}' .. inbox and not passOn(lock, queue) then
    redis.call('DEL', lock)
  end
  return 1`,
});
