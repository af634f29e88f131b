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
 * A place in the queue: the server's millisecond in which the process came, times this, plus something less than this. So it is exact until 2039, and after that as good as
 * a number with 53 bits is.
 */
export const PLACE = 4_096;

/**
 * The queue of a lock is a sorted set of processes in the order in which they came. One that can be woken is in it by its channel. One that polls is in it by `POLLER` and its
 * channel, and the rest of its place tells the millisecond, modulo `PLACE`, at which it comes again: its turn is kept until then and not longer, and whoever came after it goes first
 * if that is too late. It keeps its place meanwhile: by the moment of its next try it would stand behind everyone, each time anew.
 *
 * `firstDue(queue, ahead)`: the first entry whose process comes within `ahead` ms, and the ms until it is there: 0 for one that can be woken. Nothing when there is none.
 */
const FIRST_DUE = /* lua */ `
  local function due(entry, place)
    if string.sub(entry, 1, ${POLLER.length}) ~= '${POLLER}' then return 0 end
    local time = redis.call('TIME')
    local ms = (place - time[1] * 1000 - math.floor(time[2] / 1000)) % ${PLACE}
    return ms < ${PLACE / 2} and ms or 0
  end

  local function firstDue(queue, ahead)
    local index = 0
    local head = redis.pcall('ZRANGE', queue, 0, 0, 'WITHSCORES')
    while head[1] do
      local ms = due(head[1], head[2])
      if ms <= ahead then return head[1], ms end
      index = index + 1
      head = redis.pcall('ZRANGE', queue, index, index, 'WITHSCORES')
    end
  end
`;

/**
 * `passOn(key, queue, ahead)`: reserves the lock for the first process in the queue that lives, wakes it, and returns true; false when there is
 * none, or none that comes within `ahead` ms. A process without a receiver is gone, but not in a Cluster: PUBLISH counts the receivers of one node there, and
 * so proves nothing. Where the server refuses PUBLISH nobody is woken, and the lock is free for who polls. Most queues are empty: Lua makes a function each time it comes to its
 * text, so what only a queue needs stands behind the question whether there is one.
 */
export const PASS_ON = /* lua */ `
local function passOn(key, queue, ahead)
  if redis.pcall('ZCARD', queue) == 0 then return false end
${FIRST_DUE}
  local entry, ms = firstDue(queue, ahead)
  while entry do
    redis.call('ZREM', queue, entry)
    local heard = 1
    if string.sub(entry, 1, ${POLLER.length}) ~= '${POLLER}' then heard = redis.pcall('PUBLISH', entry, key) end
    if type(heard) == 'table' then return false end
    if heard > 0 or string.find(entry, '${CLUSTER_INBOX}', 1, true) then
      redis.call('SET', key, '${RESERVED}' .. entry, 'PX', ms + ${RESERVATION_MS})
      return true
    end
    entry, ms = firstDue(queue, ahead)
  end
  return false
end
`;

/** `isWanted(queue, ahead)`: whether a process in the queue comes within `ahead` ms. */
export const IS_WANTED = /* lua */ `
local function isWanted(queue, ahead)
  if redis.pcall('ZCARD', queue) == 0 then return false end
${FIRST_DUE}
  return firstDue(queue, ahead) ~= nil
end
`;

/**
 * `enqueue(queue, inbox, comes)`: puts our process into the queue, once, where it keeps its place; `comes`: '' when it can be woken, else the ms after which it
 * comes again. A place is never in the future, whatever the clock has done since.
 */
export const ENQUEUE = /* lua */ `
local function enqueue(queue, inbox, comes)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local added, other
  if comes == '' then
    added, other = redis.pcall('ZADD', queue, 'LT', now * ${PLACE} + time[2] % 1000, inbox), '${POLLER}' .. inbox
  else
    local place = redis.pcall('ZSCORE', queue, '${POLLER}' .. inbox)
    local came = type(place) == 'string' and math.min(now, math.floor(place / ${PLACE})) or now
    added, other = redis.pcall('ZADD', queue, came * ${PLACE} + (now + comes) % ${PLACE}, '${POLLER}' .. inbox), inbox
  end
  if type(added) == 'table' then return end
  redis.call('ZREM', queue, other)
  redis.call('PEXPIRE', queue, ${QUEUE_MS})
end
`;

/** `dequeue(queue, inbox)`: takes our process out of the queue. */
export const DEQUEUE = /* lua */ `
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
