/**
 * Who takes part, ours first. A module exports
 *
 * - `imports({ url, wait })`: what the app imports, or a promise of it. Callers of this app wait for `wait` ms, 0 tries once;
 * - `lock(key, { ttl, wait, skips, isObservable })`: the decorator. `skips`: the method does not run while the lock is busy. `isObservable`: the
 *   method returns an Observable. What a library cannot be told is left out;
 * - `lossOf`, if there is a way to tell a method that it has lost its lock: `parameter()` decorates a parameter, `signal(argument)` aborts then.
 *
 * Whatever a library lets one set is set as it serves best here. `keyPrefix` stands before the key in Redis.
 */
export const CONTESTANTS = {
  ours: { package: 'nestjs-redis-lock', keyPrefix: 'lock:', load: () => import('./ours.mjs') },
  murlock: { package: 'murlock', keyPrefix: '', load: () => import('./murlock.mjs') },
  'redlock-universal': {
    package: 'nestjs-redlock-universal',
    keyPrefix: '',
    load: () => import('./redlock-universal.mjs'),
  },
  anchan828: { package: '@anchan828/nest-redlock', keyPrefix: '', load: () => import('./anchan828.mjs') },
  'nestjs-redis': { package: '@nestjs-redis/lock', keyPrefix: '', load: () => import('./nestjs-redis.mjs') },
  'rnw-community': {
    package: '@rnw-community/nestjs-enterprise',
    keyPrefix: '',
    load: () => import('./rnw-community.mjs'),
  },
};
