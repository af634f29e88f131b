/** What a lock holds while it is kept for the process at the head of its queue; the inbox follows. */
export const RESERVED = 'reserved ';

/**
 * `passOn(lock, queue)`: reserves the lock for the first process in the queue that lives, wakes it, and returns true; false when there is
 * none. Needs `grace`, the ms of a reservation, and `counts`: '1' where PUBLISH counts every receiver (in a Cluster it counts those of one
 * node, and so proves nothing).
 */
export const PASS_ON = /* lua */ `
local function passOn(lock, queue)
  local head = redis.call('ZPOPMIN', queue)[1]
  while head do
    if redis.call('PUBLISH', head, lock) > 0 or counts == '0' then
      redis.call('SET', lock, '${RESERVED}' .. head, 'PX', grace)
      return true
    end
    head = redis.call('ZPOPMIN', queue)[1]
  end
  return false
end
`;

/**
 * `enqueue(queue, ms)`: puts our process into the queue, once, and makes the queue live for at least `ms`: every process in it comes back
 * before. Needs `inbox` and `micros`.
 */
export const ENQUEUE = /* lua */ `
local function enqueue(queue, ms)
  redis.call('ZADD', queue, 'NX', micros, inbox)
  if redis.call('PTTL', queue) < ms then
    redis.call('PEXPIRE', queue, ms)
  end
end
`;
