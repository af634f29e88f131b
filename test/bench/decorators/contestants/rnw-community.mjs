import { createRequire } from 'node:module';
import Redlock from 'redlock';
import { failFastClient, POLL, retries } from './polling.mjs';

// Its ES modules name no file extensions, which Node cannot load.
const require = createRequire(import.meta.url);
const { createPromiseLockDecorators } = require('@rnw-community/nestjs-enterprise/CreatePromiseLockDecorators');
const { createObservableLockDecorators } = require('@rnw-community/nestjs-enterprise/CreateObservableLockDecorators');

const DEFAULT_TTL = 30_000;

/** The app brings the service; this is the one of its documentation. */
class LockService {
  constructor(redis, wait) {
    this.redis = redis;
    this.redlock = new Redlock([redis], { retryCount: retries(wait), retryDelay: POLL, retryJitter: 0 });
  }

  acquire(keys, ttl) {
    return this.redlock.acquire(keys, ttl);
  }

  tryAcquire(keys, ttl) {
    return this.redlock.acquire(keys, ttl, { retryCount: 0 }).catch(() => undefined);
  }

  async onApplicationShutdown() {
    await this.redis.quit();
  }
}

const { SequentialLock, ExclusiveLock } = createPromiseLockDecorators(LockService, DEFAULT_TTL);
const { SequentialLock$, ExclusiveLock$ } = createObservableLockDecorators(LockService, DEFAULT_TTL);

export const imports = ({ url, wait }) => [
  {
    module: class LocksModule {},
    global: true,
    providers: [{ provide: LockService, useFactory: async () => new LockService(await failFastClient(url), wait) }],
    exports: [LockService],
  },
];

export function lock(key, { ttl, skips, isObservable }) {
  const ofPromise = skips ? ExclusiveLock : SequentialLock;
  const ofObservable = skips ? ExclusiveLock$ : SequentialLock$;
  return (isObservable ? ofObservable : ofPromise)([key], undefined, ttl);
}
