import { randomBytes } from 'node:crypto';
import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import { ACQUIRE_ALL } from './scripts/acquire-all.script.js';
import { ACQUIRE } from './scripts/acquire.script.js';
import { CONTEND } from './scripts/contend.script.js';
import { FORCE_RELEASE } from './scripts/force-release.script.js';
import { INSPECT } from './scripts/inspect.script.js';
import { LEAVE } from './scripts/leave.script.js';
import { CLUSTER_INBOX } from './scripts/queue.lua.js';
import { RAISE_FENCE } from './scripts/raise-fence.script.js';
import { RELAY } from './scripts/relay.script.js';
import { RELEASE } from './scripts/release.script.js';
import { RENEW } from './scripts/renew.script.js';
import type { ClientHandle } from './connection.js';
import type {
  AcquireAllOutcome,
  AcquireAllRequest,
  AcquireOutcome,
  AcquireRequest,
  ContendRequest,
  LockStore,
  RelayOutcome,
  RelayRequest,
  RenewOutcome,
  StoredLock,
  WakeListener,
} from '../engine/lock-store.interface.js';
import { ScriptBatcher, type BatchedScript } from './script-batcher.js';
import { decodeAcquire, decodeAcquireAll, decodeRelay, decodeRelease, decodeRenew } from './redis-replies.js';
import { RedisInbox } from './redis-inbox.js';
import { fenceKey, lockKey, queueKey, shareHashTag, userKey, type KeySpace } from './redis-keys.js';
import { ScriptRunner } from './script-runner.js';

const ACQUIRES: BatchedScript<AcquireOutcome> = { script: ACQUIRE, decode: decodeAcquire };
const RENEWALS: BatchedScript<RenewOutcome> = { script: RENEW, decode: decodeRenew };
const FENCE_RAISES: BatchedScript<RenewOutcome> = { script: RAISE_FENCE, decode: decodeRenew };
const RELEASES: BatchedScript<ReleaseOutcome> = { script: RELEASE, decode: decodeRelease };

export interface RedisStoreInit {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  /** Starts and ends the connection, where it is ours. */
  readonly connection: Pick<ClientHandle, 'open' | 'close'>;
  /** Milliseconds that one command may take; by default a second, or more where the round trip needs it. */
  readonly commandTimeout?: number | undefined;
}

/** Locks on one Redis, or on a Redis Cluster. */
export class RedisStore implements LockStore {
  readonly #space: KeySpace;
  readonly #runner: ScriptRunner;
  readonly #connection: RedisStoreInit['connection'];
  readonly #contends: BatchedScript<AcquireOutcome>;
  readonly #relays: BatchedScript<RelayOutcome>;
  readonly #leaves: BatchedScript<undefined>;
  readonly #batcher: ScriptBatcher;
  readonly #client: RedisClient;
  readonly #channel: string;
  #inbox: RedisInbox | undefined;

  constructor({ client, keyPrefix, connection, commandTimeout }: RedisStoreInit) {
    const { keyPrefix: clientPrefix = '', db = 0 } = client.options;
    this.#client = client;
    this.#space = { clientPrefix, prefix: keyPrefix };
    // Channels know neither the client's prefix nor its database.
    this.#channel = `${clientPrefix}${keyPrefix}${client.isCluster === true ? CLUSTER_INBOX : `inbox:${db}:`}${randomBytes(9).toString('base64url')}`;
    this.#connection = connection;
    this.#runner = new ScriptRunner(client, commandTimeout);
    this.#contends = { script: CONTEND, decode: decodeAcquire, common: () => [this.#channel] };
    this.#relays = {
      script: RELAY,
      decode: decodeRelay,
      common: () => [this.#inbox?.isOpen === true ? this.#channel : ''],
    };
    this.#leaves = { script: LEAVE, decode: () => undefined, common: () => [this.#channel] };
    this.#batcher = new ScriptBatcher(this.#runner);
  }

  get commandTimeout(): number {
    return this.#runner.commandTimeout;
  }

  acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    const { key } = request;
    return this.#send(ACQUIRES, [lockKey(this.#space, key), fenceKey(this.#space, key)], acquireArgs(request));
  }

  contend(request: ContendRequest): Promise<AcquireOutcome> {
    this.#inbox?.probe();
    const { key, comesAgainIn } = request;
    return this.#send(this.#contends, this.#allKeys(key), [
      ...acquireArgs(request),
      comesAgainIn === undefined ? '' : String(comesAgainIn),
    ]);
  }

  takesAll(keys: readonly string[]): boolean {
    return this.#client.isCluster !== true || shareHashTag(this.#space, keys);
  }

  async acquireAll({ keys, value, ttl, waits }: AcquireAllRequest): Promise<AcquireAllOutcome> {
    if (waits !== undefined) this.#inbox?.probe();
    const { reconnects } = this.#runner;
    // What was asked before for one of them comes before it.
    this.#batcher.flush();
    const stored = keys.flatMap((key) => [lockKey(this.#space, key), fenceKey(this.#space, key)]);
    const comes = waits === undefined ? '-' : String(waits.comesAgainIn ?? '');
    const reply = await this.#runner.ask(
      ACQUIRE_ALL,
      [...stored, queueKey(this.#space, keys[0])],
      [this.#channel, value, String(ttl), comes],
    );
    return decodeAcquireAll(reply, keys, this.#runner.reconnects > reconnects);
  }

  relay({ key, value, ttl, tokens, mode, ahead }: RelayRequest): Promise<RelayOutcome> {
    return this.#send(this.#relays, this.#allKeys(key), [value, String(ttl), String(tokens), mode, String(ahead)]);
  }

  async leave(key: string): Promise<void> {
    await this.#send(this.#leaves, [lockKey(this.#space, key), queueKey(this.#space, key)], []);
  }

  listen(listener: WakeListener): void {
    this.#inbox ??= new RedisInbox({
      client: this.#client,
      channel: this.#channel,
      commandTimeout: () => this.commandTimeout,
      listener: {
        onWake: (stored) => listener.onWake(userKey(this.#space, stored)),
        onOpen: () => listener.onOpen(),
        onClosed: (refusal) => listener.onClosed(refusal),
        onTrouble: (error) => listener.onTrouble?.(error),
      },
    });
  }

  renew(key: string, value: string, ttl: number, shortens = false): Promise<RenewOutcome> {
    return this.#send(RENEWALS, [lockKey(this.#space, key)], [value, String(ttl), shortens ? '1' : '0']);
  }

  raiseFence(key: string, value: string, ttl: number, floor: number): Promise<RenewOutcome> {
    return this.#send(
      FENCE_RAISES,
      [lockKey(this.#space, key), fenceKey(this.#space, key)],
      [value, String(ttl), String(floor)],
    );
  }

  release(key: string, value: string, keepFor: number, heldFor = 0): Promise<ReleaseOutcome> {
    return this.#send(
      RELEASES,
      [lockKey(this.#space, key), queueKey(this.#space, key)],
      [value, String(keepFor), String(heldFor)],
    );
  }

  async inspect(key: string): Promise<StoredLock | null> {
    this.#batcher.flush();
    const reply = await this.#runner.ask(INSPECT, [lockKey(this.#space, key), queueKey(this.#space, key)], []);
    if (reply === null) return null;
    const [value, ...numbers] = reply as [string, number | string, number | string];
    const [ttl, processes] = numbers.map(Number) as [number, number];
    return { value, ttl: ttl < 0 ? Infinity : ttl, processes };
  }

  async forceRelease(key: string): Promise<boolean> {
    this.#batcher.flush();
    return (
      Number(await this.#runner.ask(FORCE_RELEASE, [lockKey(this.#space, key), queueKey(this.#space, key)], [])) === 1
    );
  }

  open(): void {
    this.#connection.open();
  }

  async close(): Promise<void> {
    // Locks that are on their way back get there, also when the client's owner closes it right after.
    this.#batcher.flush();
    const isAnswered = await this.#runner.settled();
    this.#inbox?.close();
    this.#runner.detach();
    await this.#connection.close(isAnswered ? this.commandTimeout : 0);
  }

  #allKeys(key: string): readonly [string, ...string[]] {
    return [lockKey(this.#space, key), fenceKey(this.#space, key), queueKey(this.#space, key)];
  }

  #send<T>(script: BatchedScript<T>, keys: readonly [string, ...string[]], args: readonly string[]): Promise<T> {
    return this.#batcher.send(script, keys, args);
  }
}

function acquireArgs({ value, ttl, tokens }: AcquireRequest): readonly string[] {
  return [value, String(ttl), String(tokens)];
}
