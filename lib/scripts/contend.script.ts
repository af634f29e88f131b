import { BUSY } from './busy.lua.js';
import { defineScriptForEach } from './define-script.js';
import { FENCING } from './fencing.lua.js';
import { ENQUEUE, RESERVED } from './queue.lua.js';

/**
 * As acquire, for a process that can be woken: it also takes a lock that is reserved for it, and a busy one puts the process into the queue,
 * once. The queue outlives the lock in the way; whoever still waits then comes back and queues again.
 *
 * `value`: owner token and metadata; `ttl`: ms; `tokens`: size of the block; `inbox`: the process's channel. Least Redis version 5; O(log n) in the processes that wait.
 *
 * Replies as acquire.
 */
export const CONTEND = defineScriptForEach('contend', {
  keys: ['lock', 'fence', 'queue'],
  common: ['inbox'],
  args: ['value', 'ttl', 'tokens'],
  prelude: FENCING + BUSY + ENQUEUE,
  lua: /* lua */ `
  local holder = redis.pcall('GET', lock)
  if type(holder) == 'table' then return 0 end
  if not holder or holder == value or holder == '${RESERVED}' .. inbox then
    redis.call('SET', lock, value, 'PX', ttl)
    redis.call('ZREM', queue, inbox)
    return mint(fence, tokens)
  end
  enqueue(queue, math.max(redis.call('PTTL', lock), 0))
  return busy(lock, holder)`,
});
