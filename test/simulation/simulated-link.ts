import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import type { ReleaseOutcome } from '../../lib/interfaces/lock.interface.js';
import {
  decodeAcquire,
  decodeAcquireAll,
  decodeRelay,
  decodeRelease,
  decodeRenew,
} from '../../lib/stores/redis-replies.js';
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
} from '../../lib/engine/lock-store.interface.js';
import { SimulatedConnection, type ConnectionInit } from './simulated-connection.js';
import { SimulatedInbox } from './simulated-inbox.js';
import type { SimulatedRedis } from './simulated-redis.js';

export interface LinkInit extends ConnectionInit {
  /** The process's inbox. */
  readonly channel: string;
  /** Whether one command can take several keys. */
  readonly isOneServer: boolean;
}

/** One process' way to the server, as the store on Redis with its client is one. */
export class SimulatedLink implements LockStore {
  readonly commandTimeout = COMMAND_TIMEOUT_MS;
  readonly #init: LinkInit;
  readonly #connection: SimulatedConnection;
  #inbox: SimulatedInbox | undefined;

  constructor(init: LinkInit) {
    this.#init = init;
    this.#connection = new SimulatedConnection(init);
  }

  /** Since when all that is asked is answered, and in time; `Infinity` while it is not. */
  get goodSince(): number {
    return this.#connection.goodSince;
  }

  /** Whether the server has refused the inbox for good. */
  get isInboxRefused(): boolean {
    return this.#inbox?.isRefused === true;
  }

  takesAll(): boolean {
    return this.#init.isOneServer;
  }

  acquireAll({ keys, value, ttl, waits }: AcquireAllRequest): Promise<AcquireAllOutcome> {
    this.#meet(value);
    const comes = waits?.comesAgainIn === undefined ? '' : ` comes in ${waits.comesAgainIn}`;
    const text = `acquire-all ${keys.join()} ${value} ${ttl}${waits === undefined ? '' : ' waits'}${comes}`;
    const { reconnects } = this.#connection;
    const run = (server: SimulatedRedis): unknown => server.acquireAll(keys, this.#init.channel, value, ttl, waits);
    return this.#connection
      .ask({ text, run })
      .then((reply) => decodeAcquireAll(reply, keys, this.#connection.reconnects > reconnects));
  }

  acquire({ key, value, ttl, tokens }: AcquireRequest): Promise<AcquireOutcome> {
    this.#meet(value);
    return this.#ask(
      `acquire ${key} ${value} ${ttl} ${tokens}`,
      (server) => server.acquire(key, value, ttl, tokens),
      decodeAcquire,
    );
  }

  contend({ key, value, ttl, tokens, comesAgainIn }: ContendRequest): Promise<AcquireOutcome> {
    const { channel } = this.#init;
    const text = `contend ${key} ${value} ${ttl} ${tokens}${comesAgainIn === undefined ? '' : ` comes in ${comesAgainIn}`}`;
    return this.#ask(text, (server) => server.contend(key, channel, value, ttl, tokens, comesAgainIn), decodeAcquire);
  }

  relay({ key, value, ttl, tokens, mode, ahead }: RelayRequest): Promise<RelayOutcome> {
    const inbox = this.#inbox?.isOpen === true ? this.#init.channel : '';
    const text = `relay ${key} ${value} ${ttl} ${tokens} ${mode} ${ahead} ${inbox}`;
    return this.#ask(text, (server) => server.relay(key, inbox, value, ttl, tokens, mode, ahead), decodeRelay);
  }

  leave(key: string): Promise<void> {
    return this.#ask(
      `leave ${key}`,
      (server) => server.leave(key, this.#init.channel),
      () => undefined,
    );
  }

  renew(key: string, value: string, ttl: number, shortens = false): Promise<RenewOutcome> {
    return this.#ask(
      `renew ${key} ${value} ${ttl}${shortens ? ' shorter' : ''}`,
      (server) => server.renew(key, value, ttl, shortens),
      decodeRenew,
    );
  }

  raiseFence(key: string, value: string, ttl: number, floor: number): Promise<RenewOutcome> {
    return this.#ask(
      `raise-fence ${key} ${value} ${ttl} ${floor}`,
      (server) => server.raiseFence(key, value, ttl, floor),
      decodeRenew,
    );
  }

  release(key: string, value: string, keepFor: number, heldFor = 0): Promise<ReleaseOutcome> {
    return this.#ask(
      `release ${key} ${value} ${keepFor} ${heldFor}`,
      (server) => server.release(key, value, keepFor, heldFor),
      decodeRelease,
    );
  }

  inspect(key: string): Promise<StoredLock | null> {
    return this.#connection
      .ask({ text: `inspect ${key}`, run: (server) => server.inspect(key) })
      .then((reply) => reply as StoredLock | null);
  }

  forceRelease(key: string): Promise<boolean> {
    return this.#ask(
      `force-release ${key}`,
      (server) => server.forceRelease(key),
      (reply) => reply === 1,
    );
  }

  listen(listener: WakeListener): void {
    this.#inbox ??= new SimulatedInbox(this.#init, listener);
  }

  open(): void {
    // It is open.
  }

  async close(): Promise<void> {
    // It stays: commands that are under way may arrive.
  }

  /** What the owner of the client does at the end. `onLast`: everything that was sent has come to the server. */
  quit(onLast: () => void): void {
    this.#inbox?.close();
    this.#connection.quit(onLast);
  }

  cut(): void {
    this.#connection.cut();
  }

  fallSilent(ms: number): void {
    this.#connection.fallSilent(ms);
  }

  cutInbox(): void {
    this.#inbox?.cut();
  }

  silenceInbox(): void {
    this.#inbox?.fallSilent();
  }

  #meet(value: string): void {
    this.#init.process.engineName ??= value.slice(0, value.indexOf('#') + 1);
  }

  #ask<T>(
    text: string,
    run: (server: SimulatedRedis) => number,
    decode: (reply: number, isResent: boolean) => T,
  ): Promise<T> {
    const { reconnects } = this.#connection;
    return this.#connection
      .ask({ text, run })
      .then((reply) => decode(reply as number, this.#connection.reconnects > reconnects));
  }
}
