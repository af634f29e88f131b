import { defineScript } from './define-script.js';

/**
 * Removes a lock whoever holds it; data of another type stays.
 *
 * `KEYS[1]` the lock. Least Redis version 2.6; O(1).
 *
 * Replies `1` removed, `0` there was none. Fails with WRONGTYPE on data of another type.
 */
export const FORCE_RELEASE = defineScript(
  'force-release',
  /* lua */ `
if not redis.call('GET', KEYS[1]) then
  return 0
end
return redis.call('DEL', KEYS[1])
`,
);
