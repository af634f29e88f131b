import { COMMAND_TIMEOUT_MS, MAX_TIMER_MS } from '../redis-lock.constants.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import type { Script } from './scripts/define-script.js';
import { followConnection, type ConnectionListener } from './client-events.js';
import { StoreFailure } from '../engine/lock-store.interface.js';
import { whenSocketsAreRead } from './next-turn.js';
import { isNoScript, isReply, toStoreFailure } from './redis-failure.js';
import { RoundTrip } from './round-trip.js';
import { Silence } from './silence.js';
import { startTimerInSlices } from './sliced-timer.js';

/** The engine gives a command up after this many round trips: one for the command, the others for those before it and for a busy network. */
const ROUND_TRIPS = 3;

/** A connection that answered nothing for this many times the time of a command is taken for one that never will. */
const SILENT_TIMEOUTS = 2;

/** What to do with the reply to a script, or with its failure. */
export interface ScriptEnd<T> {
  readonly onReply: (reply: unknown) => T;
  readonly onFailure: (failure: StoreFailure) => T;
}

/**
 * Runs scripts on a client with settings that the user chose. It never puts a command into the client's offline queue, because the client executes it from
 * there after its caller has given it up.
 */
export class ScriptRunner implements ConnectionListener {
  readonly #client: RedisClient;
  readonly #fixedTimeout: number | undefined;
  readonly #unfollow: () => void;
  readonly #silence = new Silence();
  readonly #roundTrip = new RoundTrip();
  /** The hashes of the scripts whose text was sent on this connection. */
  readonly #told = new Set<string>();
  #state: 'open' | 'closed' = 'open';
  #reconnects = 0;
  /** How many commands the server has not answered and the client has not given up. */
  #underWay = 0;
  /** How to reject those commands, for a client that silently drops them when the connection breaks. */
  readonly #droppable: Set<(error: Error) => void> | undefined;
  #lastSentAt = 0;
  #onQuiet: (() => void) | undefined;
  #ready: Promise<void> | undefined;
  #stopWaiting: (failure?: StoreFailure) => void = () => undefined;

  /** `commandTimeout`: milliseconds; by default a second, or more where the measured round trip needs it. */
  constructor(client: RedisClient, commandTimeout?: number) {
    this.#client = client;
    this.#fixedTimeout = commandTimeout;
    if (client.options.autoResendUnfulfilledCommands === false) this.#droppable = new Set();
    this.#unfollow = followConnection(client, this);
  }

  /** Grows with each connection that broke: the client may have sent a command twice that was under way then. */
  get reconnects(): number {
    return this.#reconnects;
  }

  get canBatch(): boolean {
    return this.#client.isCluster !== true;
  }

  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** Milliseconds that a command may take which is sent now; while there is no connection, as much again for making it. */
  get commandTimeout(): number {
    const ms = this.#timeout;
    return this.#client.status === 'ready' ? ms : Math.min(2 * ms, MAX_TIMER_MS);
  }

  /** Runs a script, calls one part of its `ScriptEnd`, and settles as that does. */
  run<T>(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    { onReply, onFailure }: ScriptEnd<T>,
  ): Promise<T> {
    const { reconnects } = this;
    let sentAt = performance.now();
    // One promise, not a chain of them: each costs time between the reply and the caller.
    const reply =
      this.#client.status === 'ready' && this.#ready === undefined
        ? this.#evaluate(script, keys, args, sentAt)
        : this.#untilReady().then(() => this.#evaluate(script, keys, args, (sentAt = performance.now())));
    this.#underWay += 1;
    return reply.then(
      (value) => {
        this.#hear(sentAt, reconnects);
        this.#settle();
        return onReply(value);
      },
      (error: unknown) => {
        if (isReply(error)) this.#hear(sentAt, reconnects);
        if (isNoScript(error))
          return this.#teach(script, keys, args).then(onReply, (error: unknown) => onFailure(toStoreFailure(error)));
        this.#settle();
        return onFailure(toStoreFailure(error));
      },
    );
  }

  /** Runs a script. Rejects with a `StoreFailure`. */
  ask(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.run<unknown>(script, keys, args, { onReply: (reply) => reply, onFailure: raise });
  }

  /** Waits until the server has answered all commands, or their time is over. Resolves with whether it has. */
  async settled(): Promise<boolean> {
    // Without a connection, no reply is going to come.
    if (!this.isBusy || this.#client.status !== 'ready') return !this.isBusy;
    await new Promise<void>((resolve) => {
      // A reply that lies unread in the socket counts.
      const timer = setTimeout(
        () => whenSocketsAreRead(resolve),
        Math.max(0, this.#lastSentAt + this.commandTimeout - performance.now()),
      );
      this.#onQuiet = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return !this.isBusy;
  }

  /** Stops listening to the client. */
  detach(): void {
    this.#state = 'closed';
    this.#unfollow();
    this.#stopWaiting(closed());
  }

  onReady(): void {
    this.#stopWaiting();
  }

  onClosed(): void {
    this.#reconnects += 1;
    this.#told.clear();
    this.#silence.end();
    this.#droppable?.forEach((reject) => reject(new Error('the connection broke')));
    this.#droppable?.clear();
    this.#stopWaiting(unsent('the connection could not be made'));
    this.#onQuiet?.();
  }

  get #timeout(): number {
    return this.#fixedTimeout ?? Math.max(COMMAND_TIMEOUT_MS, Math.ceil(ROUND_TRIPS * this.#roundTrip.least));
  }

  /** Sends the text of a script the first time on a connection: the server knows it then before what is sent next, which cannot overtake. */
  #evaluate({ sha, lua }: Script, keys: readonly string[], args: readonly string[], now: number): Promise<unknown> {
    if (!this.#silence.admits(now, SILENT_TIMEOUTS * this.#timeout))
      return Promise.reject(unsent('the connection answers nothing'));
    this.#lastSentAt = now;
    if (this.#told.has(sha)) return this.#follow(this.#client.evalsha(sha, keys.length, ...keys, ...args));
    this.#told.add(sha);
    return this.#follow(this.#client.eval(lua, keys.length, ...keys, ...args));
  }

  /** Settles as `reply` does, or rejects when the connection breaks and the client drops the command. */
  #follow(reply: Promise<unknown>): Promise<unknown> {
    const droppable = this.#droppable;
    if (droppable === undefined) return reply;
    return new Promise((resolve, reject) => {
      droppable.add(reject);
      reply.finally(() => droppable.delete(reject)).then(resolve, reject);
    });
  }

  /** Sends the text to a server that has forgotten the script. */
  #teach({ lua }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#follow(this.#client.eval(lua, keys.length, ...keys, ...args)).finally(() => this.#settle());
  }

  /** Notes that the server answered, in time or late. */
  #hear(sentAt: number, reconnects: number): void {
    this.#silence.end();
    // A command that the client sent again took longer than a round trip.
    if (reconnects === this.#reconnects) this.#roundTrip.add(performance.now() - sentAt);
  }

  #settle(): void {
    this.#underWay -= 1;
    if (!this.isBusy) this.#onQuiet?.();
  }

  /** Waits for the connection, once for all callers. */
  #untilReady(): Promise<void> {
    return (this.#ready ??= this.#becomeReady().finally(() => (this.#ready = undefined)));
  }

  /** Gives the client time to connect; rejects at once when it is known to be down. */
  #becomeReady(): Promise<void> {
    const { status } = this.#client;
    if (this.#state === 'closed') return Promise.reject(closed());
    if (status === 'end') return Promise.reject(unsent('the client is closed', false));
    if (status === 'close' || status === 'reconnecting' || status === 'disconnecting')
      return Promise.reject(unsent(`the connection is down (${status})`));
    if (status === 'wait') this.#client.connect().catch(() => undefined);
    return new Promise<void>((resolve, reject) => {
      const ms = this.#timeout;
      const stopTimer = startTimerInSlices(ms, () => this.#stopWaiting(unsent(`no connection within ${ms} ms`)));
      this.#stopWaiting = (failure) => {
        this.#stopWaiting = () => undefined;
        stopTimer();
        if (failure === undefined) resolve();
        else reject(failure);
      };
    });
  }
}

function raise(failure: StoreFailure): never {
  throw failure;
}

function closed(): StoreFailure {
  return unsent('the lock service is closed', false);
}

function unsent(message: string, transient = true): StoreFailure {
  return new StoreFailure(message, { transient, applied: 'no' });
}
