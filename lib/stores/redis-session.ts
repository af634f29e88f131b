import { COMMAND_TIMEOUT_MS } from '../redis-lock.constants.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import type { Script } from '../scripts/define-script.js';
import { StoreFailure } from './lock-store.interface.js';
import { isNoScript, toStoreFailure } from './redis-failure.js';

/** What becomes of a script. */
export interface ScriptEnd<T> {
  readonly onReply: (reply: unknown) => T;
  readonly onFailure: (failure: StoreFailure) => T;
}

/**
 * Runs scripts on a client whose settings are not ours. Nothing is ever put into the client's offline queue, because a command in there is
 * executed after its caller has given it up.
 */
export class RedisSession {
  readonly #client: RedisClient;
  #reconnects = 0;
  #ready: Promise<void> | undefined;
  #stopWaiting: (failure: StoreFailure) => void = () => undefined;
  /** Scripts, by hash, that this connection has sent with their text. */
  readonly #told = new Set<string>();
  readonly #onConnectionClosed = (): void => {
    this.#reconnects += 1;
    this.#told.clear();
  };

  constructor(client: RedisClient) {
    this.#client = client;
    client.on('close', this.#onConnectionClosed);
  }

  /** Grows with each connection that broke: a command during which it grew may have been sent twice. */
  get reconnects(): number {
    return this.#reconnects;
  }

  get canBatch(): boolean {
    return this.#client.isCluster !== true;
  }

  /** Runs a script and settles as that part of `end` does which is called. */
  run<T>(script: Script, keys: readonly string[], args: readonly string[], { onReply, onFailure }: ScriptEnd<T>): Promise<T> {
    // One promise, not a chain of them: each between the reply and the caller is time.
    const reply = this.#client.status === 'ready' ? this.#evaluate(script, keys, args) : this.#untilReady().then(() => this.#evaluate(script, keys, args));
    return reply.then(onReply, (error: unknown) => {
      if (!isNoScript(error)) return onFailure(toStoreFailure(error));
      // A server that does not know the script yet is told it.
      return this.#client.eval(script.lua, keys.length, ...keys, ...args).then(onReply, (error: unknown) => onFailure(toStoreFailure(error)));
    });
  }

  /** Runs a script. Rejects with a `StoreFailure`. */
  ask(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.run<unknown>(script, keys, args, { onReply: (reply) => reply, onFailure: raise });
  }

  /** The first time on a connection with the text, so that what follows never overtakes a script that the server has to be told. */
  #evaluate({ sha, lua }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (this.#told.has(sha)) return this.#client.evalsha(sha, keys.length, ...keys, ...args);
    this.#told.add(sha);
    return this.#client.eval(lua, keys.length, ...keys, ...args);
  }

  /** Takes our listeners off the client. */
  detach(): void {
    this.#stopWaiting(unsent('the lock service is closed', false));
    this.#client.off('close', this.#onConnectionClosed);
  }

  /** One wait for all callers: their number must not show on the client. */
  #untilReady(): Promise<void> {
    return (this.#ready ??= this.#becomeReady().finally(() => (this.#ready = undefined)));
  }

  /** A connection that is being made gets its time; one that is known to be down does not. */
  #becomeReady(): Promise<void> {
    const client = this.#client;
    const { status } = client;
    if (status === 'end') return Promise.reject(unsent('the client is closed', false));
    if (status === 'close' || status === 'reconnecting' || status === 'disconnecting') return Promise.reject(unsent(`the connection is down (${status})`));
    if (status === 'wait') client.connect().catch(() => undefined);
    return new Promise<void>((resolve, reject) => {
      const settle = (failure?: StoreFailure): void => {
        this.#stopWaiting = () => undefined;
        clearTimeout(timer);
        client.off('ready', onReady);
        client.off('close', onClose);
        client.off('end', onClose);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      const onReady = (): void => settle();
      const onClose = (): void => settle(unsent('the connection could not be made'));
      const timer = setTimeout(() => settle(unsent(`no connection within ${COMMAND_TIMEOUT_MS} ms`)), COMMAND_TIMEOUT_MS);
      this.#stopWaiting = settle;
      client.on('ready', onReady);
      client.on('close', onClose);
      client.on('end', onClose);
    });
  }
}

function raise(failure: StoreFailure): never {
  throw failure;
}

function unsent(message: string, transient = true): StoreFailure {
  return new StoreFailure(message, { transient, applied: 'no' });
}
