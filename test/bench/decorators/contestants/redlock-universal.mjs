import { IoredisAdapter, Redlock, RedlockModule } from 'nestjs-redlock-universal';
import { failFastClient, POLL, retries } from './polling.mjs';

export const imports = async ({ url }) => [
  RedlockModule.forRoot({ nodes: [new IoredisAdapter(await failFastClient(url))] }),
];

export const lock = (key, { ttl, wait }) => Redlock({ key, ttl, retryAttempts: retries(wait), retryDelay: POLL });
