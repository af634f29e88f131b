import { FENCE_RETENTION_MS } from '../redis-lock.constants.js';
import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import { ACQUIRE } from '../scripts/acquire.script.js';
import { FORCE_RELEASE } from '../scripts/force-release.script.js';
import { INSPECT } from '../scripts/inspect.script.js';
import { RELEASE } from '../scripts/release.script.js';
import { RENEW } from '../scripts/renew.script.js';
import type { AcquireOutcome, AcquireRequest, LockStore, RenewOutcome, StoredLock } from './lock-store.interface.js';
import { wrongType } from './redis-failure.js';
import { fenceKey, lockKey, type KeySpace } from './redis-keys.js';
import { RedisSession } from './redis-session.js';
import { ScriptBatch } from './script-batch.js';

/** Taken before fake timers replace it: a batch is sent at the end of the real turn of the event loop. */
const { nextTick } = process;

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
  readonly #releases: ScriptBatch;
  readonly #renewals: ScriptBatch;
  readonly #acquires: ScriptBatch;
  #isFlushDue = false;

  constructor({ client, keyPrefix, connection }: RedisStoreInit) {
    this.#space = { clientPrefix: client.options.keyPrefix ?? '', prefix: keyPrefix };
    this.#connection = connection;
    this.#session = new RedisSession(client);
    this.#releases = new ScriptBatch(this.#session, RELEASE);
    this.#renewals = new ScriptBatch(this.#session, RENEW);
    this.#acquires = new ScriptBatch(this.#session, ACQUIRE, [String(FENCE_RETENTION_MS)]);
  }

  async acquire({ key, value, ttl, floor }: AcquireRequest): Promise<AcquireOutcome> {
    const keys = [lockKey(this.#space, key), fenceKey(this.#space, key)];
    const reply = await this.#batched(this.#acquires, keys, [value, String(ttl), String(floor)]);
    if (reply > 0) return { status: 'acquired', fencingToken: reply };
    if (reply === 0) throw wrongType();
    return { status: 'busy', remaining: reply === -1 ? Infinity : -2 - reply };
  }

  async renew(key: string, value: string, ttl: number): Promise<RenewOutcome> {
    const reply = await this.#batched(this.#renewals, [lockKey(this.#space, key)], [value, String(ttl)]);
    if (reply === 1) return 'renewed';
    return reply === 0 ? 'expired' : 'stolen';
  }

  async release(key: string, value: string, keepFor: number): Promise<ReleaseOutcome> {
    const reconnectsBefore = this.#session.reconnects;
    const reply = await this.#batched(this.#releases, [lockKey(this.#space, key)], [value, String(keepFor)]);
    if (reply === 1) return 'released';
    if (reply === -1) return 'stolen';
    // A client that lost its connection sends the command again, and the first one has already done it.
    return this.#session.reconnects > reconnectsBefore ? 'released' : 'expired';
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

  #batched(batch: ScriptBatch, keys: readonly string[], args: readonly string[]): Promise<number> {
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      nextTick(() => this.#flush());
    }
    return batch.add({ keys, args });
  }

  /** Releases first: the next contender for a key follows the release of the last one. */
  #flush(): void {
    this.#isFlushDue = false;
    this.#releases.flush();
    this.#renewals.flush();
    this.#acquires.flush();
  }
}
