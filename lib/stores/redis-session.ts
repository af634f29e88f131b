import { COMMAND_TIMEOUT_MS } from '../redis-lock.constants.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import type { Script } from '../scripts/define-script.js';
import { StoreFailure } from './lock-store.interface.js';
import { isNoScript, toStoreFailure } from './redis-failure.js';

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

  /** Runs a script. Rejects with a `StoreFailure`. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    // Not async: every promise between the reply and the caller is time.
    const reply = this.#client.status === 'ready' ? this.#evaluate(script, keys, args) : this.#untilReady().then(() => this.#evaluate(script, keys, args));
    return reply.catch((error: unknown) => this.#recover(error, script, keys, args));
  }

  /** The first time on a connection with the text, so that what follows never overtakes a script that the server has to be told. */
  #evaluate({ sha, lua }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (this.#told.has(sha)) return this.#client.evalsha(sha, keys.length, ...keys, ...args);
    this.#told.add(sha);
    return this.#client.eval(lua, keys.length, ...keys, ...args);
  }

  /** A server that does not know the script yet is told it. */
  async #recover(error: unknown, { lua }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (!isNoScript(error)) throw toStoreFailure(error);
    try {
      return await this.#client.eval(lua, keys.length, ...keys, ...args);
    } catch (error) {
      throw toStoreFailure(error);
    }
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

function unsent(message: string, transient = true): StoreFailure {
  return new StoreFailure(message, { transient, applied: 'no' });
}
