import { createRequire } from 'node:module';
import { failFastClient, POLL, retries } from './polling.mjs';

// Its ES modules name no file extensions, which Node cannot load.
const { Redlock, RedlockModule } = createRequire(import.meta.url)('@anchan828/nest-redlock');

const POLLING = { retryDelay: POLL, retryJitter: 0 };

/** These settings hold for renewals and releases, those of the decorator for the waiting. */
export const imports = async ({ url }) => [
  RedlockModule.register({
    isGlobal: true,
    clients: [await failFastClient(url)],
    settings: { ...POLLING, retryCount: 2 },
  }),
];

export const lock = (key, { ttl, wait }) => Redlock(key, ttl, { ...POLLING, retryCount: retries(wait) });
