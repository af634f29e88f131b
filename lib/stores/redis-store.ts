import { FENCE_RETENTION_MS } from '../redis-lock.constants.js';
import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import { ACQUIRE } from '../scripts/acquire.script.js';
import { FORCE_RELEASE } from '../scripts/force-release.script.js';
import { INSPECT } from '../scripts/inspect.script.js';
import { RELEASE } from '../scripts/release.script.js';
import { RENEW } from '../scripts/renew.script.js';
import type { AcquireOutcome, AcquireRequest, LockStore, RenewOutcome, StoredLock } from './lock-store.interface.js';
import { Outbox, type BatchedScript } from './outbox.js';
import { decodeAcquire, decodeRelease, decodeRenew } from './redis-replies.js';
import { fenceKey, lockKey, type KeySpace } from './redis-keys.js';
import { RedisSession } from './redis-session.js';

export interface RedisStoreInit {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  /** Starts and ends the connection, where it is ours. */
  readonly connection: { open(): void; close(): Promise<void> };
}

const RETENTION = [String(FENCE_RETENTION_MS)];

const ACQUIRES: BatchedScript<AcquireOutcome> = { script: ACQUIRE, common: () => RETENTION, decode: decodeAcquire };
const RENEWALS: BatchedScript<RenewOutcome> = { script: RENEW, common: () => [], decode: decodeRenew };
const RELEASES: BatchedScript<ReleaseOutcome> = { script: RELEASE, common: () => [], decode: decodeRelease };

/** Locks on one Redis, or on a Redis Cluster. */
export class RedisStore implements LockStore {
  readonly #space: KeySpace;
  readonly #session: RedisSession;
  readonly #connection: RedisStoreInit['connection'];
  readonly #outbox: Outbox;

  constructor({ client, keyPrefix, connection }: RedisStoreInit) {
    this.#space = { clientPrefix: client.options.keyPrefix ?? '', prefix: keyPrefix };
    this.#connection = connection;
    this.#session = new RedisSession(client);
    this.#outbox = new Outbox(this.#session);
  }

  acquire({ key, value, ttl, floor }: AcquireRequest): Promise<AcquireOutcome> {
    const lock = lockKey(this.#space, key);
    return this.#outbox.send(ACQUIRES, { lock, keys: [lock, fenceKey(this.#space, key)], args: [value, String(ttl), String(floor)] });
  }

  renew(key: string, value: string, ttl: number): Promise<RenewOutcome> {
    const lock = lockKey(this.#space, key);
    return this.#outbox.send(RENEWALS, { lock, keys: [lock], args: [value, String(ttl)] });
  }

  release(key: string, value: string, keepFor: number): Promise<ReleaseOutcome> {
    const lock = lockKey(this.#space, key);
    return this.#outbox.send(RELEASES, { lock, keys: [lock], args: [value, String(keepFor)] });
  }

  async inspect(key: string): Promise<StoredLock | null> {
    this.#outbox.flush();
    const reply = (await this.#session.run(INSPECT, [lockKey(this.#space, key)], [])) as [string, number] | null;
    if (reply === null) return null;
    const ttl = Number(reply[1]);
    return { value: reply[0], ttl: ttl < 0 ? Infinity : ttl };
  }

  async forceRelease(key: string): Promise<boolean> {
    this.#outbox.flush();
    return Number(await this.#session.run(FORCE_RELEASE, [lockKey(this.#space, key)], [])) === 1;
  }

  open(): void {
    this.#connection.open();
  }

  async close(): Promise<void> {
    this.#session.detach();
    await this.#connection.close();
  }
}
