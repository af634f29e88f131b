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

/** A command is given up after so many round trips: one for itself, the others for what is before it and for a busy network. */
const ROUND_TRIPS = 3;

/** A connection that answered nothing for so many times the time of a command is taken for one that will not. */
const SILENT_TIMEOUTS = 2;

/** What becomes of a script. */
export interface ScriptEnd<T> {
  readonly onReply: (reply: unknown) => T;
  readonly onFailure: (failure: StoreFailure) => T;
}

/**
 * Runs scripts on a client whose settings are not ours. Nothing is ever put into the client's offline queue, because a command in there is
 * executed after its caller has given it up.
 */
export class RedisSession implements ConnectionListener {
  readonly #client: RedisClient;
  readonly #fixedTimeout: number | undefined;
  readonly #unfollow: () => void;
  readonly #silence = new Silence();
  readonly #roundTrip = new RoundTrip();
  /** Scripts, by hash, that this connection has sent with their text. */
  readonly #told = new Set<string>();
  #state: 'open' | 'closed' = 'open';
  #reconnects = 0;
  /** Commands that were neither answered nor given up by the client. */
  #underWay = 0;
  /** How to reject them, where the client drops what it has sent when the connection breaks, and tells nobody. */
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

  /** Grows with each connection that broke: a command during which it grew may have been sent twice. */
  get reconnects(): number {
    return this.#reconnects;
  }

  get canBatch(): boolean {
    return this.#client.isCluster !== true;
  }

  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** Milliseconds that a command may take which is sent now. While there is no connection, that is given as much time to be made. */
  get commandTimeout(): number {
    const ms = this.#timeout;
    return this.#client.status === 'ready' ? ms : Math.min(2 * ms, MAX_TIMER_MS);
  }

  /** Runs a script and settles as that part of `end` does which is called. */
  run<T>(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    { onReply, onFailure }: ScriptEnd<T>,
  ): Promise<T> {
    const { reconnects } = this;
    let sentAt = performance.now();
    // One promise, not a chain of them: each between the reply and the caller is time.
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

  /** Waits until all that was sent is answered, or has had its time; tells whether it is answered. */
  async settled(): Promise<boolean> {
    // What was not sent yet is not going to be.
    if (!this.isBusy || this.#client.status !== 'ready') return !this.isBusy;
    await new Promise<void>((resolve) => {
      // A reply that is there counts before its time is over.
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

  /** Takes our listeners off the client. */
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

  /** The first time on a connection with the text, so that what follows never overtakes a script that the server has to be told. */
  #evaluate({ sha, lua }: Script, keys: readonly string[], args: readonly string[], now: number): Promise<unknown> {
    if (!this.#silence.admits(now, SILENT_TIMEOUTS * this.#timeout))
      return Promise.reject(unsent('the connection answers nothing'));
    this.#lastSentAt = now;
    if (this.#told.has(sha)) return this.#follow(this.#client.evalsha(sha, keys.length, ...keys, ...args));
    this.#told.add(sha);
    return this.#follow(this.#client.eval(lua, keys.length, ...keys, ...args));
  }

  /** Settles as `reply` does, or when the connection breaks with which it was dropped. */
  #follow(reply: Promise<unknown>): Promise<unknown> {
    const droppable = this.#droppable;
    if (droppable === undefined) return reply;
    return new Promise((resolve, reject) => {
      droppable.add(reject);
      reply.finally(() => droppable.delete(reject)).then(resolve, reject);
    });
  }

  /** A server that does not know the script yet is told it. */
  #teach({ lua }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#follow(this.#client.eval(lua, keys.length, ...keys, ...args)).finally(() => this.#settle());
  }

  /** The server answered, be it late. */
  #hear(sentAt: number, reconnects: number): void {
    this.#silence.end();
    // Sent again by the client, it took longer than a round trip.
    if (reconnects === this.#reconnects) this.#roundTrip.add(performance.now() - sentAt);
  }

  #settle(): void {
    this.#underWay -= 1;
    if (!this.isBusy) this.#onQuiet?.();
  }

  /** One wait for all callers. */
  #untilReady(): Promise<void> {
    return (this.#ready ??= this.#becomeReady().finally(() => (this.#ready = undefined)));
  }

  /** A connection that is being made gets its time; one that is known to be down does not. */
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
