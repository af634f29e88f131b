import { MurLock, MurLockModule } from 'murlock';
import { POLL, retries } from './polling.mjs';

export const imports = ({ url, wait }) => [
  MurLockModule.forRoot({
    redisOptions: { url, disableOfflineQueue: true }, // Commands fail at once when Redis is down.
    wait: POLL,
    maxAttempts: retries(wait) || 1,
    logLevel: 'error',
    ignoreUnlockFail: true, // A lock that was lost does not replace the answer.
    lockKeyPrefix: 'custom',
  }),
];

/** It sleeps after the last try too, and takes 0 for no number. */
export const lock = (key, { ttl, wait }) => MurLock(ttl, wait === 0 ? 1 : POLL, key);
