import { defineScriptForEach } from './define-script.js';
import { PASS_ON } from './queue.lua.js';

/**
 * Takes a lock away from whoever holds it; data of another type stays.
 *
 * Least Redis version 5; O(log n) in the processes that wait.
 *
 * Replies `1` taken away, `0` there was none. Fails with WRONGTYPE on data of another type.
 */
export const FORCE_RELEASE = defineScriptForEach('force-release', {
  keys: ['key', 'queue'],
  args: [],
  prelude: PASS_ON,
  lua: /* lua */ `
  if not redis.call('GET', key) then return 0 end
  if not passOn(key, queue, 0) then
    redis.call('DEL', key)
  end
  return 1`,
});
