import { randomBytes } from 'node:crypto';
import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import { ACQUIRE_ALL, decodeAcquireAll } from './scripts/acquire-all.script.js';
import { ACQUIRE } from './scripts/acquire.script.js';
import { CONTEND } from './scripts/contend.script.js';
import { FORCE_RELEASE } from './scripts/force-release.script.js';
import { decodeInspect, INSPECT, INSPECTED } from './scripts/inspect.script.js';
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
import { RedisInbox } from './redis-inbox.js';
import { keysOf, shareHashTag, userKey, type KeySpace } from './redis-keys.js';
import { ScriptRunner } from './script-runner.js';

export interface RedisStoreInit {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  /** Opens and closes the connection, unless the client is borrowed. */
  readonly connection: Pick<ClientHandle, 'open' | 'close'>;
  /** Milliseconds that one command may take; by default a second, or more when the measured round trip needs it. */
  readonly commandTimeout?: number | undefined;
}

/** Locks on one Redis, or on a Redis Cluster. */
export class RedisStore implements LockStore {
  readonly #space: KeySpace;
  readonly #runner: ScriptRunner;
  readonly #connection: RedisStoreInit['connection'];
  readonly #contend: BatchedScript<AcquireOutcome>;
  readonly #relay: BatchedScript<RelayOutcome>;
  readonly #leave: BatchedScript<undefined>;
  readonly #batcher: ScriptBatcher;
  readonly #client: RedisClient;
  readonly #channel: string;
  #inbox: RedisInbox | undefined;

  constructor({ client, keyPrefix, connection, commandTimeout }: RedisStoreInit) {
    const { keyPrefix: clientPrefix = '', db = 0 } = client.options;
    this.#client = client;
    this.#space = { clientPrefix, prefix: keyPrefix };
    // ioredis puts its prefix before no channel, and all databases of a server share their channels.
    this.#channel = `${clientPrefix}${keyPrefix}${client.isCluster === true ? CLUSTER_INBOX : `inbox:${db}:`}${randomBytes(9).toString('base64url')}`;
    this.#connection = connection;
    this.#runner = new ScriptRunner(client, commandTimeout);
    this.#contend = { ...CONTEND, common: () => [this.#channel] };
    this.#relay = { ...RELAY, common: () => [this.#inbox?.isOpen === true ? this.#channel : ''] };
    this.#leave = { ...LEAVE, common: () => [this.#channel] };
    this.#batcher = new ScriptBatcher(this.#runner);
  }

  get commandTimeout(): number {
    return this.#runner.commandTimeout;
  }

  acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    return this.#send(ACQUIRE, request.key, acquireArgs(request));
  }

  contend(request: ContendRequest): Promise<AcquireOutcome> {
    this.#inbox?.probe();
    const { key, comesAgainIn } = request;
    const comes = comesAgainIn === undefined ? '' : String(comesAgainIn);
    return this.#send(this.#contend, key, [...acquireArgs(request), comes]);
  }

  takesAll(keys: readonly string[]): boolean {
    return this.#client.isCluster !== true || shareHashTag(this.#space, keys);
  }

  async acquireAll({ keys, value, ttl, waits }: AcquireAllRequest): Promise<AcquireAllOutcome> {
    if (waits !== undefined) this.#inbox?.probe();
    const { reconnects } = this.#runner;
    // What was asked before for one of them comes before it.
    this.#batcher.flush();
    const stored = keys.flatMap((key) => keysOf(this.#space, key, ['key', 'fence']));
    const comes = waits === undefined ? '-' : String(waits.comesAgainIn ?? '');
    const reply = await this.#runner.ask(
      ACQUIRE_ALL,
      [...stored, ...keysOf(this.#space, keys[0], ['queue'])],
      [this.#channel, value, String(ttl), comes],
    );
    return decodeAcquireAll(reply, keys, this.#runner.reconnects > reconnects);
  }

  relay({ key, value, ttl, tokens, mode, ahead }: RelayRequest): Promise<RelayOutcome> {
    return this.#send(this.#relay, key, [value, String(ttl), String(tokens), mode, String(ahead)]);
  }

  async leave(key: string): Promise<void> {
    await this.#send(this.#leave, key, []);
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
    return this.#send(RENEW, key, [value, String(ttl), shortens ? '1' : '0']);
  }

  raiseFence(key: string, value: string, ttl: number, floor: number): Promise<RenewOutcome> {
    return this.#send(RAISE_FENCE, key, [value, String(ttl), String(floor)]);
  }

  release(key: string, value: string, keepFor: number, heldFor = 0): Promise<ReleaseOutcome> {
    return this.#send(RELEASE, key, [value, String(keepFor), String(heldFor)]);
  }

  async inspect(key: string): Promise<StoredLock | null> {
    this.#batcher.flush();
    return decodeInspect(await this.#runner.ask(INSPECT, keysOf(this.#space, key, INSPECTED), []));
  }

  async forceRelease(key: string): Promise<boolean> {
    this.#batcher.flush();
    const reply = await this.#runner.ask(FORCE_RELEASE, keysOf(this.#space, key, FORCE_RELEASE.keys), []);
    return FORCE_RELEASE.decode(Number(reply), false);
  }

  open(): void {
    this.#connection.open();
  }

  async close(): Promise<void> {
    // Releases reach Redis even if the owner of the client closes it right after this.
    this.#batcher.flush();
    const isAnswered = await this.#runner.settled();
    this.#inbox?.close();
    this.#runner.detach();
    await this.#connection.close(isAnswered ? this.commandTimeout : 0);
  }

  #send<T>(script: BatchedScript<T>, key: string, args: readonly string[]): Promise<T> {
    return this.#batcher.send(script, keysOf(this.#space, key, script.keys), args);
  }
}

function acquireArgs({ value, ttl, tokens }: AcquireRequest): readonly string[] {
  return [value, String(ttl), String(tokens)];
}
