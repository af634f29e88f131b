import { BUSY } from './busy.lua.js';
import { defineScriptForEach } from './define-script.js';
import { FENCING } from './fencing.lua.js';
import { PROLONG } from './lease.lua.js';
import { DEQUEUE, ENQUEUE, IS_OURS } from './queue.lua.js';

/**
 * As acquire, for a process that waits: it also takes a lock that is reserved for it, and a busy one puts the process into the queue,
 * once, or says there when it comes again.
 *
 * `value`: owner token and metadata; `ttl`: ms; `tokens`: size of the block; `comes`: '' for a process that can be woken, else the ms after which it comes again;
 * `inbox`: the process's channel. Least Redis version 6.2; O(log n) in the processes that wait.
 *
 * Replies as acquire.
 */
export const CONTEND = defineScriptForEach('contend', {
  keys: ['key', 'fence', 'queue'],
  common: ['inbox'],
  args: ['value', 'ttl', 'tokens', 'comes'],
  prelude: FENCING + BUSY + PROLONG + ENQUEUE + DEQUEUE + IS_OURS,
  lua: /* lua */ `
  local holder = redis.pcall('GET', key)
  if type(holder) == 'table' then return 0 end
  if holder == value then
    prolong(key, ttl)
  elseif not holder or isOurs(holder, inbox) then
    redis.call('SET', key, value, 'PX', ttl)
  else
    enqueue(queue, inbox, comes)
    return busy(key, holder)
  end
  dequeue(queue, inbox)
  return mint(fence, tokens)`,
});
