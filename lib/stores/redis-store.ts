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
import type { AcquireOutcome, AcquireRequest, LockStore, RelayOutcome, RelayRequest, RenewOutcome, StoredLock, WakeListener } from './lock-store.interface.js';
import { Outbox, type BatchedScript } from './outbox.js';
import { decodeAcquire, decodeRelay, decodeRelease, decodeRenew } from './redis-replies.js';
import { RedisInbox } from './redis-inbox.js';
import { fenceKey, lockKey, queueKey, userKey, type KeySpace } from './redis-keys.js';
import { RedisSession } from './redis-session.js';

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
  readonly #releases: BatchedScript<ReleaseOutcome>;
  readonly #renewals: BatchedScript<RenewOutcome>;
  readonly #acquires: BatchedScript<AcquireOutcome>;
  readonly #contends: BatchedScript<AcquireOutcome>;
  readonly #relays: BatchedScript<RelayOutcome>;
  readonly #leaves: BatchedScript<undefined>;
  readonly #outbox: Outbox;
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
    this.#releases = { script: RELEASE, decode: decodeRelease, common: () => this.#passing };
    this.#renewals = { script: RENEW, decode: decodeRenew, common: () => [] };
    this.#acquires = { script: ACQUIRE, decode: decodeAcquire, common: () => [retention] };
    this.#contends = { script: CONTEND, decode: decodeAcquire, common: () => [retention, this.#channel, slack] };
    this.#relays = { script: RELAY, decode: decodeRelay, common: () => [retention, ...this.#passing, this.#inbox?.isOpen === true ? this.#channel : '', slack] };
    this.#leaves = { script: LEAVE, decode: () => undefined, common: () => [...this.#passing, this.#channel] };
    this.#outbox = new Outbox(this.#session);
  }

  acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    const { key } = request;
    return this.#send(this.#acquires, [lockKey(this.#space, key), fenceKey(this.#space, key)], acquireArgs(request));
  }

  contend(request: AcquireRequest): Promise<AcquireOutcome> {
    return this.#send(this.#contends, this.#allKeys(request.key), acquireArgs(request));
  }

  relay({ key, value, ttl, tokens, isHeld }: RelayRequest): Promise<RelayOutcome> {
    return this.#send(this.#relays, this.#allKeys(key), [value, String(ttl), String(tokens), isHeld ? '1' : '0']);
  }

  async leave(key: string): Promise<void> {
    await this.#send(this.#leaves, [lockKey(this.#space, key), queueKey(this.#space, key)], []);
  }

  listen(listener: WakeListener): void {
    this.#inbox ??= new RedisInbox(this.#client, this.#channel, {
      onWake: (stored) => listener.onWake(userKey(this.#space, stored)),
      onOpen: () => listener.onOpen(),
      onClosed: (refusal) => listener.onClosed(refusal),
    });
  }

  renew(key: string, value: string, ttl: number): Promise<RenewOutcome> {
    return this.#send(this.#renewals, [lockKey(this.#space, key)], [value, String(ttl)]);
  }

  release(key: string, value: string, keepFor: number): Promise<ReleaseOutcome> {
    return this.#send(this.#releases, [lockKey(this.#space, key), queueKey(this.#space, key)], [value, String(keepFor)]);
  }

  async inspect(key: string): Promise<StoredLock | null> {
    this.#outbox.flush();
    const reply = await this.#session.run(INSPECT, [lockKey(this.#space, key), queueKey(this.#space, key)], []);
    if (reply === null) return null;
    const [value, ...numbers] = reply as [string, number | string, number | string];
    const [ttl, processes] = numbers.map(Number) as [number, number];
    return { value, ttl: ttl < 0 ? Infinity : ttl, processes };
  }

  async forceRelease(key: string): Promise<boolean> {
    this.#outbox.flush();
    return Number(await this.#session.run(FORCE_RELEASE, [lockKey(this.#space, key), queueKey(this.#space, key)], this.#passing)) === 1;
  }

  open(): void {
    this.#connection.open();
  }

  async close(): Promise<void> {
    this.#inbox?.close();
    this.#session.detach();
    await this.#connection.close();
  }

  #allKeys(key: string): readonly [string, ...string[]] {
    return [lockKey(this.#space, key), fenceKey(this.#space, key), queueKey(this.#space, key)];
  }

  #send<T>(script: BatchedScript<T>, keys: readonly [string, ...string[]], args: readonly string[]): Promise<T> {
    return this.#outbox.send(script, keys, args);
  }
}

function acquireArgs({ value, ttl, floor, tokens }: AcquireRequest): readonly string[] {
  return [value, String(ttl), String(floor), String(tokens)];
}
