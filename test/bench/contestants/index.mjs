/**
 * Who takes part. A module exports `setup(client)`, which returns `acquire(key, terms)`; that resolves with the function that releases, and may
 * come with `close()`. `terms` are `{ ttl, wait, poll }` in ms, or `undefined` for the defaults of the library.
 *
 * `package`: whose version is printed. `polls`: the interval can be chosen, and the run looks for the one that serves it best in each scene.
 */
export const CONTESTANTS = {
  ours: { label: 'nestjs-redis-lock', package: 'nestjs-redis-lock', load: () => import('./ours.mjs') },
  redlock: { label: 'redlock', package: 'redlock', polls: true, load: () => import('./redlock.mjs') },
  'redlock-universal': {
    label: 'redlock-universal',
    package: 'redlock-universal',
    polls: true,
    load: () => import('./redlock-universal.mjs'),
  },
  'redis-semaphore': {
    label: 'redis-semaphore',
    package: 'redis-semaphore',
    polls: true,
    load: () => import('./redis-semaphore.mjs'),
  },
  sesamecare: {
    label: '@sesamecare-oss/redlock',
    package: '@sesamecare-oss/redlock',
    polls: true,
    load: () => import('./sesamecare.mjs'),
  },
  'by-hand': { label: 'SET NX PX by hand', polls: true, load: () => import('./by-hand.mjs') },
};

export const isLibrary = (name) => CONTESTANTS[name].package !== undefined;
