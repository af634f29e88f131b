/**
 * How long a lock stays reserved for the process that was woken: enough for a round trip and a busy event loop. Whoever does not come in that
 * time has lost its turn.
 */
export const RESERVATION_MS = 300;

/** How much longer a queue lives than the lease that it waits for, so that whoever comes back at the end of that lease still finds it. */
export const QUEUE_SLACK_MS = 10_000;

/** What a lock holds while it is kept for the process at the head of its queue; the inbox follows. */
export const RESERVED = 'reserved ';

/** What the channel of a process on a Cluster contains. */
export const CLUSTER_INBOX = 'inbox:cluster:';

/**
 * `passOn(lock, queue)`: reserves the lock for the first process in the queue that lives, wakes it, and returns true; false when there is
 * none. A process without a receiver is gone, but not in a Cluster: PUBLISH counts the receivers of one node there, and so proves nothing.
 */
export const PASS_ON = /* lua */ `
local function passOn(lock, queue)
  local head = redis.call('ZPOPMIN', queue)[1]
  while head do
    if redis.call('PUBLISH', head, lock) > 0 or string.find(head, '${CLUSTER_INBOX}', 1, true) then
      redis.call('SET', lock, '${RESERVED}' .. head, 'PX', ${RESERVATION_MS})
      return true
    end
    head = redis.call('ZPOPMIN', queue)[1]
  end
  return false
end
`;

/**
 * `enqueue(queue, ms)`: puts our process into the queue, once, and makes the queue outlive the next `ms`: every process in it comes back then.
 * Needs `inbox`.
 */
export const ENQUEUE = /* lua */ `
local function enqueue(queue, ms)
  local time = redis.call('TIME')
  redis.call('ZADD', queue, 'NX', time[1] * 1000000 + time[2], inbox)
  if redis.call('PTTL', queue) < ms + ${QUEUE_SLACK_MS} then
    redis.call('PEXPIRE', queue, ms + ${QUEUE_SLACK_MS})
  end
end
`;
