import { setTimeout as sleep } from 'node:timers/promises';

const LATE_MS = 3_000;
/** Who waits longer than this sleeps until shortly before the end. */
const SLEEPY_MS = 2_500;
const AWAKE_MS = 500;

/** The lock with another answer to some questions. */
function pretend(lock, answers) {
  return new Proxy(lock, {
    get(target, name) {
      if (Object.hasOwn(answers, name)) return answers[name];
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A lock that nobody gave. */
function madeUp(key) {
  const keys = [key].flat();
  const release = async () => 'released';
  return {
    ...{ key: keys[0], keys, fencingToken: Date.now() * 1_000, signal: new AbortController().signal, isHeld: true },
    ...{ expiresAt: Date.now() + 60_000, extend: async () => undefined, release, [Symbol.asyncDispose]: release },
  };
}

const ACQUIRES = {
  'no-lock': () => async (key) => madeUp(key),
  deaf: (acquire) => async (key, options) =>
    pretend(await acquire(key, { ...options, renew: false }), { isHeld: true }),
  'old-token': (acquire) => async (key, options) => {
    const lock = await acquire(key, options);
    return pretend(lock, { fencingToken: lock.fencingToken - 1e9 });
  },
  late: (acquire) => async (key, options) => {
    const end = await acquire(key, options).then(
      (lock) => () => lock,
      (error) => () => {
        throw error;
      },
    );
    await sleep(LATE_MS);
    return end();
  },
  sleepy:
    (acquire) =>
    async (key, { wait, ...options }) => {
      if (wait <= SLEEPY_MS) return acquire(key, { wait, ...options });
      await sleep(wait - AWAKE_MS, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
      return acquire(key, { ...options, wait: AWAKE_MS });
    },
};

const PROCESSES = {
  crash: () => setTimeout(() => Promise.reject(new Error('sabotage')), 1_000),
  stubborn: () => {
    process.removeAllListeners('SIGTERM');
    process.on('SIGTERM', () => undefined);
  },
};

/** The service as a worker uses it, spoilt: what is done here has to be found. */
export function spoil(locks, kind) {
  PROCESSES[kind]?.();
  if (ACQUIRES[kind] === undefined) return locks;
  const acquire = ACQUIRES[kind]((key, options) => locks.acquire(key, options));
  return {
    acquire,
    tryAcquire: (key, options) => acquire(key, { ...options, wait: 0 }).catch(() => null),
    forceRelease: (key) => locks.forceRelease(key),
    async withLock(key, options, enter) {
      const lock = await acquire(key, options);
      await enter(lock);
      await lock.release();
    },
  };
}
