/** It has no default for the length of a lease. */
const TTL_MS = 30_000;

/**
 * redlock 5 and its fork have the same options. Jitter is half the delay, as by default: without it all waiters of a process try in the same
 * moment, and one gets in at each. There is no limit in time, so the number of tries has to stand for it. The settings are those of one call:
 * `release()` keeps the defaults.
 */
export function redlockFamily(Redlock) {
  return (client) => {
    const redlock = new Redlock([client]);
    return {
      acquire: async (key, terms) => {
        const settings = terms && {
          retryDelay: terms.poll,
          retryJitter: terms.poll / 2,
          retryCount: Math.ceil(terms.wait / terms.poll),
        };
        const lock = await redlock.acquire([key], terms?.ttl ?? TTL_MS, settings);
        return () => lock.release();
      },
    };
  };
}
