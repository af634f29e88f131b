import { createLock, IoredisAdapter } from 'redlock-universal';

/**
 * Its fastest mode is 'lean': no health check, whose PING would precede the first acquire of each lock object. With the defaults one object a
 * key is kept, as its documentation shows, so the PING is paid once.
 */
export function setup(client) {
  const adapter = new IoredisAdapter(client);
  const kept = new Map();

  const lockOf = (key) => {
    if (!kept.has(key)) kept.set(key, createLock({ adapter, key }));
    return kept.get(key);
  };
  const leanLock = (key, { ttl, wait, poll }) =>
    createLock({ adapter, key, ttl, retryDelay: poll, retryAttempts: Math.ceil(wait / poll), performance: 'lean' });

  return {
    acquire: async (key, terms) => {
      const lock = terms ? leanLock(key, terms) : lockOf(key);
      const handle = await lock.acquire();
      return async () => {
        if (!(await lock.release(handle))) throw new Error('released too late');
      };
    },
  };
}
