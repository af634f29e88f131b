import { randomBytes } from 'node:crypto';
import { FENCE_RETENTION_MS, QUEUE_SLACK_MS, RESERVATION_MS } from '../redis-lock.constants.js';
import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import { ACQUIRE } from '../scripts/acquire.script.js';
import { CONTEND } from '../scripts/contend.script.js';
import { FORCE_RELEASE } from '../scripts/force-release.script.js';
import { INSPECT } from '../scripts/inspect.script.js';
import { LEAVE } from '../scripts/leave.script.js';
import { RELAY } from '../scripts/relay.script.js';
import { RELEASE } from '../scripts/release.script.js';
import { RENEW } from '../scripts/renew.script.js';
import { BatchScheduler } from './batch-scheduler.js';
import type { AcquireOutcome, AcquireRequest, LockStore, RelayOutcome, RelayRequest, RenewOutcome, StoredLock, WakeListener } from './lock-store.interface.js';
import { decodeAcquire, decodeRelay, decodeRelease, decodeRenew } from './redis-replies.js';
import { RedisInbox } from './redis-inbox.js';
import { fenceKey, lockKey, queueKey, userKey, type KeySpace } from './redis-keys.js';
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
  readonly #contends: ScriptBatch<AcquireOutcome>;
  readonly #relays: ScriptBatch<RelayOutcome>;
  readonly #leaves: ScriptBatch<undefined>;
  readonly #scheduler: BatchScheduler;
  readonly #client: RedisClient;
  readonly #channel: string;
  /** What scripts need to know to pass a lock on. */
  readonly #passing: readonly [grace: string, counts: string];
  #inbox: RedisInbox | undefined;

  constructor({ client, keyPrefix, connection }: RedisStoreInit) {
    const { keyPrefix: clientPrefix = '', db = 0 } = client.options;
    this.#client = client;
    this.#space = { clientPrefix, prefix: keyPrefix };
    // Channels know neither the client's prefix nor its database.
    this.#channel = `${clientPrefix}${keyPrefix}inbox:${db}:${randomBytes(9).toString('base64url')}`;
    this.#connection = connection;
    this.#session = new RedisSession(client);
    this.#passing = [String(RESERVATION_MS), client.isCluster === true ? '0' : '1'];
    const retention = String(FENCE_RETENTION_MS);
    const slack = String(QUEUE_SLACK_MS);
    this.#releases = new ScriptBatch(this.#session, RELEASE, decodeRelease, () => this.#passing);
    this.#renewals = new ScriptBatch(this.#session, RENEW, decodeRenew, () => []);
    this.#acquires = new ScriptBatch(this.#session, ACQUIRE, decodeAcquire, () => [retention]);
    this.#contends = new ScriptBatch(this.#session, CONTEND, decodeAcquire, () => [retention, this.#channel, slack]);
    this.#relays = new ScriptBatch(this.#session, RELAY, decodeRelay, () => [retention, ...this.#passing, this.#inbox?.isOpen === true ? this.#channel : '', slack]);
    this.#leaves = new ScriptBatch(this.#session, LEAVE, () => undefined, () => [...this.#passing, this.#channel]);
    // Releases first: the next contender for a key follows the release of the last one.
    this.#scheduler = new BatchScheduler([this.#releases, this.#leaves, this.#renewals, this.#relays, this.#acquires, this.#contends]);
  }

  acquire({ key, value, ttl, floor, tokens }: AcquireRequest): Promise<AcquireOutcome> {
    const args = [value, String(ttl), String(floor), String(tokens)];
    return this.#scheduled(this.#acquires.add([lockKey(this.#space, key), fenceKey(this.#space, key)], args));
  }

  contend({ key, value, ttl, floor, tokens }: AcquireRequest): Promise<AcquireOutcome> {
    return this.#scheduled(this.#contends.add(this.#allKeys(key), [value, String(ttl), String(floor), String(tokens)]));
  }

  relay({ key, value, ttl, tokens, isHeld }: RelayRequest): Promise<RelayOutcome> {
    return this.#scheduled(this.#relays.add(this.#allKeys(key), [value, String(ttl), String(tokens), isHeld ? '1' : '0']));
  }

  async leave(key: string): Promise<void> {
    await this.#scheduled(this.#leaves.add([lockKey(this.#space, key), queueKey(this.#space, key)], []));
  }

  listen(listener: WakeListener): void {
    this.#inbox ??= new RedisInbox(this.#client, this.#channel, {
      onWake: (stored) => listener.onWake(userKey(this.#space, stored)),
      onOpen: () => listener.onOpen(),
      onClosed: (refusal) => listener.onClosed(refusal),
    });
  }

  renew(key: string, value: string, ttl: number): Promise<RenewOutcome> {
    return this.#scheduled(this.#renewals.add([lockKey(this.#space, key)], [value, String(ttl)]));
  }

  release(key: string, value: string, keepFor: number): Promise<ReleaseOutcome> {
    return this.#scheduled(this.#releases.add([lockKey(this.#space, key), queueKey(this.#space, key)], [value, String(keepFor)]));
  }

  async inspect(key: string): Promise<StoredLock | null> {
    const reply = await this.#session.run(INSPECT, [lockKey(this.#space, key), queueKey(this.#space, key)], []);
    if (reply === null) return null;
    const [value, ttl, processes] = reply as [string, number, number];
    return { value, ttl: ttl < 0 ? Infinity : ttl, processes };
  }

  async forceRelease(key: string): Promise<boolean> {
    return (await this.#session.run(FORCE_RELEASE, [lockKey(this.#space, key), queueKey(this.#space, key)], this.#passing)) === 1;
  }

  open(): void {
    this.#connection.open();
  }

  async close(): Promise<void> {
    this.#inbox?.close();
    this.#session.detach();
    await this.#connection.close();
  }

  #allKeys(key: string): readonly string[] {
    return [lockKey(this.#space, key), fenceKey(this.#space, key), queueKey(this.#space, key)];
  }

  #scheduled<T>(outcome: Promise<T>): Promise<T> {
    this.#scheduler.schedule();
    return outcome;
  }
}
