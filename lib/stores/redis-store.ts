import { FENCE_RETENTION_MS } from '../redis-lock.constants.js';
import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import { ACQUIRE } from '../scripts/acquire.script.js';
import { FORCE_RELEASE } from '../scripts/force-release.script.js';
import { INSPECT } from '../scripts/inspect.script.js';
import { RELEASE } from '../scripts/release.script.js';
import { RENEW } from '../scripts/renew.script.js';
import { BatchScheduler } from './batch-scheduler.js';
import type { AcquireOutcome, AcquireRequest, LockStore, RenewOutcome, StoredLock } from './lock-store.interface.js';
import { decodeAcquire, decodeRelease, decodeRenew } from './redis-replies.js';
import { fenceKey, lockKey, type KeySpace } from './redis-keys.js';
import { RedisSession } from './redis-session.js';
import { ScriptBatch } from './script-batch.js';

export interface RedisStoreInit {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  /** Starts and ends the connection, where it is ours. */
  readonly connection: { open(): void; close(): Promise<void> };
}

/** Locks on one Redis, or on a Redis Cluster. */
export class RedisStore implements LockStore {
  readonly #space: KeySpace;
  readonly #session: RedisSession;
  readonly #connection: RedisStoreInit['connection'];
  readonly #releases: ScriptBatch<ReleaseOutcome>;
  readonly #renewals: ScriptBatch<RenewOutcome>;
  readonly #acquires: ScriptBatch<AcquireOutcome>;
  readonly #scheduler: BatchScheduler;

  constructor({ client, keyPrefix, connection }: RedisStoreInit) {
    this.#space = { clientPrefix: client.options.keyPrefix ?? '', prefix: keyPrefix };
    this.#connection = connection;
    this.#session = new RedisSession(client);
    this.#releases = new ScriptBatch(this.#session, RELEASE, decodeRelease);
    this.#renewals = new ScriptBatch(this.#session, RENEW, decodeRenew);
    this.#acquires = new ScriptBatch(this.#session, ACQUIRE, decodeAcquire, [String(FENCE_RETENTION_MS)]);
    // Releases first: the next contender for a key follows the release of the last one.
    this.#scheduler = new BatchScheduler([this.#releases, this.#renewals, this.#acquires]);
  }

  acquire({ key, value, ttl, floor }: AcquireRequest): Promise<AcquireOutcome> {
    return this.#scheduled(this.#acquires.add([lockKey(this.#space, key), fenceKey(this.#space, key)], [value, String(ttl), String(floor)]));
  }

  renew(key: string, value: string, ttl: number): Promise<RenewOutcome> {
    return this.#scheduled(this.#renewals.add([lockKey(this.#space, key)], [value, String(ttl)]));
  }

  release(key: string, value: string, keepFor: number): Promise<ReleaseOutcome> {
    return this.#scheduled(this.#releases.add([lockKey(this.#space, key)], [value, String(keepFor)]));
  }

  async inspect(key: string): Promise<StoredLock | null> {
    const reply = (await this.#session.run(INSPECT, [lockKey(this.#space, key)], [])) as [string, number] | null;
    return reply === null ? null : { value: reply[0], ttl: reply[1] < 0 ? Infinity : reply[1] };
  }

  async forceRelease(key: string): Promise<boolean> {
    return (await this.#session.run(FORCE_RELEASE, [lockKey(this.#space, key)], [])) === 1;
  }

  open(): void {
    this.#connection.open();
  }

  async close(): Promise<void> {
    this.#session.detach();
    await this.#connection.close();
  }

  #scheduled<T>(outcome: Promise<T>): Promise<T> {
    this.#scheduler.schedule();
    return outcome;
  }
}
