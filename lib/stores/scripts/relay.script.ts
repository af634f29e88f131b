import { StoreFailure, type RelayOutcome } from '../../engine/lock-store.interface.js';
import { defineScriptForEach } from './define-script.js';
import { FENCING } from './fencing.lua.js';
import { PROLONG } from './lease.lua.js';
import { ENQUEUE, IS_WANTED, PASS_ON } from './queue.lua.js';

/**
 * Asks for a process whether another process waits. If none does, the lease lasts `ttl` from now with a fresh block of fencing tokens. Else the lock passes on,
 * and the asking process goes to the end of the queue; or, while one of its callers still holds the lock, nothing happens yet. In mode `open` the lock is free even if
 * processes wait: for programs that never stand in the queue.
 *
 * `value`: owner token and metadata; `ttl`: ms; `tokens`: size of the block; `mode`: `held` while a caller holds it, `free`, or `open`; `ahead`: ms that the process would
 * keep it before it asks again, so that a process that polls and comes within that time gets it; `inbox`: the channel of the process, '' when it cannot be woken. Least Redis version
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
  decode(reply, isResent): RelayOutcome {
    // It may be executed once more, when another caller of this process holds the lock, and would pass it on.
    if (reply > 0 && isResent)
      throw new StoreFailure('the connection broke meanwhile', { transient: true, applied: 'unknown' });
    if (reply > 0) return { status: 'kept', fencingToken: reply };
    if (reply === -4) return { status: 'opened' };
    if (reply === -3) return { status: 'wanted' };
    if (reply === -2) return { status: 'passed' };
    return { status: reply === 0 ? 'expired' : 'stolen' };
  },
});
