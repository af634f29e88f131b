import { StoreFailure, type AcquireAllOutcome } from '../../engine/lock-store.interface.js';
import { wrongType } from '../redis-failure.js';
import { ACQUIRE } from './acquire.script.js';
import { BUSY, decodeBusy } from './busy.lua.js';
import { defineScript } from './define-script.js';
import { FENCE_RETENTION_MS, FENCING } from './fencing.lua.js';
import { PROLONG } from './lease.lua.js';
import { DEQUEUE, ENQUEUE, IS_OURS } from './queue.lua.js';

/**
 * Takes several locks under one fencing token, or none of them: while one is busy nothing happens to the others. A process that waits for the first lock stands in its queue; a lock
 * that holds `value` already counts as free, as in the acquire script.
 *
 * `KEYS`: of each lock its key and its fence, and last the queue of the first lock. `ARGV[1]` the channel of the process; `ARGV[2]` value: owner token and metadata; `ARGV[3]` ttl in ms;
 * `ARGV[4]` how the process waits for the first lock: `-` not at all, '' to be woken, else the ms after which it comes again. A process that waits also gets the first lock when that is
 * reserved for it, and stands in its queue when it is busy. Least Redis version 5, of a process that waits 6.2; O(n) in the locks and O(log p) in the processes that wait.
 *
 * Replies `{ which, reply }`: `which` is the number of the busy lock, from 0; `reply` as that of acquire: acquired, or why that lock is not to be had.
 */
export const ACQUIRE_ALL = defineScript(
  'acquire-all',
  /* lua */ `
${FENCING + BUSY + PROLONG + ENQUEUE + DEQUEUE + IS_OURS}
local inbox, value, ttl, comes = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local queue = KEYS[#KEYS]
local waits = comes ~= '-'

for i = 1, #KEYS - 1, 2 do
  local key = KEYS[i]
  local holder = redis.pcall('GET', key)
  if type(holder) == 'table' then return { (i - 1) / 2, 0 } end
  local waitsHere = waits and i == 1
  if holder and holder ~= value and not (waitsHere and isOurs(holder, inbox)) then
    if waitsHere then enqueue(queue, inbox, comes) end
    return { (i - 1) / 2, busy(key, holder) }
  end
end

local token = 0
for i = 1, #KEYS - 1, 2 do
  if redis.call('GET', KEYS[i]) == value then
    prolong(KEYS[i], ttl)
  else
    redis.call('SET', KEYS[i], value, 'PX', ttl)
  end
  token = math.max(token, mint(KEYS[i + 1], 1))
end
for i = 2, #KEYS - 1, 2 do redis.call('SET', KEYS[i], token, 'PX', ${FENCE_RETENTION_MS}) end
if waits then dequeue(queue, inbox) end
return { 0, token }
`,
);

/** Reads the reply for these keys. */
export function decodeAcquireAll(replies: unknown, keys: readonly string[], isResent: boolean): AcquireAllOutcome {
  // A client may be set to hand out numbers as strings.
  const [which = NaN, reply = NaN] = Array.isArray(replies) ? replies.map(Number) : [];
  if (!Number.isSafeInteger(reply) || which >= keys.length)
    throw new StoreFailure('a script was answered with something else than two integers', {
      transient: false,
      applied: 'unknown',
    });
  if (which === 0) return ACQUIRE.decode(reply, isResent);
  return {
    status: 'elsewhere',
    key: keys[which] ?? '',
    why: reply === 0 ? wrongType() : decodeBusy(reply, isResent),
    isResent,
  };
}
