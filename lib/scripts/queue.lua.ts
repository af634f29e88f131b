/**
 * How long a lock stays reserved for the process that was woken: enough for a round trip and a busy event loop. Whoever does not come in that
 * time has lost its turn.
 */
export const RESERVATION_MS = 300;

/** How long a queue outlives the last process that came to stand in it. Each comes again within two seconds (see `REST_CAP_MS`). */
export const QUEUE_MS = 10_000;

/** What a lock holds while it is kept for the process at the head of its queue; the entry of that process follows. */
export const RESERVED = 'reserved ';

/** How the entry of a process begins that no message reaches: it polls. Its channel follows. */
export const POLLER = 'poll ';

/** What the channel of a process on a Cluster contains. */
export const CLUSTER_INBOX = 'inbox:cluster:';

/**
 * The queue of a lock is a sorted set of processes. One that can be woken is in it by its channel, since it came (microseconds of the server). One that polls is
 * in it by `POLLER` and its channel, for the moment at which it is going to come again: so its turn is kept until then, and not longer.
 *
 * `due(entry, score)`: milliseconds until the process is there; 0 for one that can be woken.
 */
const DUE = /* lua */ `
local function due(entry, score)
  if string.sub(entry, 1, ${POLLER.length}) ~= '${POLLER}' then return 0 end
  local time = redis.call('TIME')
  return math.max(0, math.ceil((score - (time[1] * 1000000 + time[2])) / 1000))
end
`;

/**
 * `passOn(lock, queue, ahead)`: reserves the lock for the first process in the queue that lives, wakes it, and returns true; false when there is
 * none, or none that comes within `ahead` ms. A process without a receiver is gone, but not in a Cluster: PUBLISH counts the receivers of one node there, and
 * so proves nothing. Where the server refuses PUBLISH nobody is woken, and the lock is free for who polls.
 */
export const PASS_ON = /* lua */ `
${DUE}
local function passOn(lock, queue, ahead)
  local head = redis.pcall('ZPOPMIN', queue)
  while head[1] do
    local entry, score = head[1], head[2]
    local ms = due(entry, score)
    if ms > ahead then
      redis.call('ZADD', queue, score, entry)
      return false
    end
    local heard = 1
    if string.sub(entry, 1, ${POLLER.length}) ~= '${POLLER}' then heard = redis.pcall('PUBLISH', entry, lock) end
    if type(heard) == 'table' then return false end
    if heard > 0 or string.find(entry, '${CLUSTER_INBOX}', 1, true) then
      redis.call('SET', lock, '${RESERVED}' .. entry, 'PX', ms + ${RESERVATION_MS})
      return true
    end
    head = redis.pcall('ZPOPMIN', queue)
  end
  return false
end
`;

/** `isWanted(queue, ahead)`: whether a process in the queue comes within `ahead` ms. */
export const IS_WANTED = /* lua */ `
local function isWanted(queue, ahead)
  local head = redis.pcall('ZRANGE', queue, 0, 0, 'WITHSCORES')
  return head[1] and due(head[1], head[2]) <= ahead
end
`;

/**
 * `enqueue(queue, inbox, comes)`: puts our process into the queue, once, where it keeps its place; `comes`: '' when it can be woken, else the ms after which it
 * comes again. A place is never in the future, whatever the clock has done since. `dequeue(queue, inbox)`: takes it out.
 */
export const ENQUEUE = /* lua */ `
local function enqueue(queue, inbox, comes)
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local added, other
  if comes == '' then
    added, other = redis.pcall('ZADD', queue, 'LT', now, inbox), '${POLLER}' .. inbox
  else
    added, other = redis.pcall('ZADD', queue, now + comes * 1000, '${POLLER}' .. inbox), inbox
  end
  if type(added) == 'table' then return end
  redis.call('ZREM', queue, other)
  redis.call('PEXPIRE', queue, ${QUEUE_MS})
end

local function dequeue(queue, inbox)
  redis.pcall('ZREM', queue, inbox, '${POLLER}' .. inbox)
end
`;

/** `isOurs(holder, inbox)`: whether the lock is reserved for our process. */
export const IS_OURS = /* lua */ `
local function isOurs(holder, inbox)
  return holder == '${RESERVED}' .. inbox or holder == '${RESERVED}${POLLER}' .. inbox
end
`;
