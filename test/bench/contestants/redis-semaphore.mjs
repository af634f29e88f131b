import { Mutex } from 'redis-semaphore';

/** A mutex object is one owner, so each call needs its own. */
export function setup(client) {
  return {
    acquire: async (key, terms) => {
      const mutex = new Mutex(
        client,
        key,
        terms && { lockTimeout: terms.ttl, acquireTimeout: terms.wait, retryInterval: terms.poll },
      );
      await mutex.acquire();
      return () => mutex.release();
    },
  };
}
