import type { RedisClient } from '../interfaces/redis-client.interface.js';
import type { WakeListener } from '../engine/lock-store.interface.js';
import { whenSocketsAreRead } from './next-turn.js';
import { isForbidden, isReply, withoutCommand } from './redis-failure.js';

const FIRST_RETRY_MS = 50;
const RETRY_CAP_MS = 5_000;

/** After this many failed attempts in a row the listener is told of the trouble. */
const PATIENT_ATTEMPTS = 5;

/** The server needs no question whether it is there when it was heard of within this time. */
const FRESH_MS = 1_000;

/** How many times the time of one command an attempt to open the inbox may take: the handshake is some commands, and SUBSCRIBE one more. */
const OPENING_TIMEOUTS = 3;

/** ioredis waits no longer than this for a connection that is given up, before it makes the next one. */
const DISCONNECT_TIMEOUT_MS = 100;

export interface RedisInboxInit {
  /** The user's client. */
  readonly client: RedisClient;
  readonly channel: string;
  readonly listener: WakeListener;
  /** Milliseconds that a command may take. */
  readonly commandTimeout: () => number;
}

/**
 * The channel on which this process is woken, on one connection of its own whatever the number of locks. Its client is a duplicate of the
 * user's with other settings, because a connection that subscribes may take no other commands.
 */
export class RedisInbox {
  readonly #init: RedisInboxInit;
  readonly #subscriber: RedisClient;
  /** `asked`: open, and the server was asked whether it still is; `doubted`: the server did not answer in time, or its answer lies unread in the socket. */
  #state: 'opening' | 'open' | 'asked' | 'doubted' | 'closed' = 'opening';
  /** When the server was last heard of; in `asked`, when it was asked; in `opening`, when the attempt began, and `Infinity` between two attempts. */
  #since = Infinity;
  /** How many attempts in a row to open it have failed. */
  #failures = 0;
  #complaint: 'none' | 'made' = 'none';
  #lastError: Error | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(init: RedisInboxInit) {
    this.#init = init;
    const subscriber = (this.#subscriber = this.#duplicate());
    // 'close' follows each 'error', and the client tries again by itself.
    subscriber.on('error', (error: unknown) => (this.#lastError = withoutCommand(error)));
    subscriber.on('message', (_channel: string, key: string) => this.#onMessage(key));
    subscriber.on('connecting', () => this.#onConnecting());
    subscriber.on('ready', () => this.#subscribe());
    subscriber.on('close', () => this.#onClose());
    subscriber.connect().catch(() => undefined);
  }

  /** Whether wake-ups arrive. */
  get isOpen(): boolean {
    return this.#state !== 'opening' && this.#state !== 'closed';
  }

  /**
   * Notices, when it is called from time to time, a connection on which nothing arrives any more, or never has. The question is SUBSCRIBE once more: it changes
   * nothing and needs no further permission.
   */
  probe(): void {
    const quiet = performance.now() - this.#since;
    if (this.#state === 'open' && quiet > FRESH_MS) {
      this.#state = 'asked';
      this.#since += quiet;
      this.#subscribe();
    } else if (this.#state === 'asked' && quiet > this.#init.commandTimeout()) {
      this.#state = 'doubted';
      whenSocketsAreRead(() => {
        if (this.#state === 'doubted') this.#drop();
      });
    } else if (this.#state === 'opening' && quiet > OPENING_TIMEOUTS * this.#init.commandTimeout()) {
      const attempt = this.#since;
      whenSocketsAreRead(() => {
        if (this.#state === 'opening' && this.#since === attempt) this.#drop();
      });
    }
  }

  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#retry);
    this.#subscriber.disconnect();
  }

  #duplicate(): RedisClient {
    const { client } = this.#init;
    const retryStrategy = (): number => this.#delayNextAttempt();
    if (client.isCluster === true)
      return client.duplicate(undefined, { lazyConnect: true, clusterRetryStrategy: retryStrategy });
    const subscriber = client.duplicate({
      lazyConnect: true,
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      // The client's INFO would race SUBSCRIBE.
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      commandTimeout: undefined,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      retryStrategy,
    });
    // Each connection reads them at its start: an operator may replace a password while the app runs.
    for (const name of ['username', 'password'] as const) {
      Object.defineProperty(subscriber.options, name, {
        get: () => client.options[name],
        enumerable: true,
        configurable: true,
      });
    }
    return subscriber;
  }

  #onConnecting(): void {
    this.#lastError = undefined;
    if (this.#state === 'opening') this.#since = performance.now();
  }

  #subscribe(): void {
    if (this.#state === 'opening') this.#since = performance.now();
    this.#subscriber.subscribe(this.#init.channel).then(
      () => this.#onSubscribed(),
      (error: unknown) => this.#onRefused(error),
    );
  }

  #onSubscribed(): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.isOpen;
    this.#hear();
    this.#failures = 0;
    this.#complaint = 'none';
    if (!wasOpen) this.#init.listener.onOpen();
  }

  #onMessage(key: string): void {
    if (this.isOpen) this.#hear();
    this.#init.listener.onWake(key);
  }

  #hear(): void {
    this.#state = 'open';
    this.#since = performance.now();
  }

  #onRefused(error: unknown): void {
    if (this.#state === 'closed') return;
    const refusal = withoutCommand(error);
    this.#lastError = refusal;
    const isAnswer = isAnswerToSubscribe(error);
    // We are subscribed already, and the server is there.
    if (isAnswer && this.isOpen) return this.#hear();
    if (isAnswer && isForbidden(refusal)) {
      this.close();
      this.#init.listener.onClosed(refusal);
      return;
    }
    this.#since = Infinity;
    // The connection broke, or its login failed: 'ready' comes again, but not of a Cluster that lost one connection of many.
    if (!isAnswer && this.#subscriber.status !== 'ready') return;
    this.#onClose();
    this.#retry = setTimeout(() => this.#subscribe(), this.#delayNextAttempt()).unref();
  }

  /** ioredis makes another connection then. */
  #drop(): void {
    this.#subscriber.disconnect(true);
    this.#onClose();
  }

  #onClose(): void {
    clearTimeout(this.#retry);
    if (this.#state === 'closed') return;
    this.#since = Infinity;
    if (!this.isOpen) return;
    this.#state = 'opening';
    this.#init.listener.onClosed();
  }

  /** Milliseconds until then. */
  #delayNextAttempt(): number {
    const delay = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, RETRY_CAP_MS);
    this.#failures += 1;
    this.#complain();
    return delay;
  }

  /** Where Redis cannot be reached at all, others say so. */
  #complain(): void {
    const { client, listener } = this.#init;
    if (this.#complaint === 'made' || this.#failures < PATIENT_ATTEMPTS || client.status !== 'ready') return;
    this.#complaint = 'made';
    listener.onTrouble?.(this.#lastError ?? new Error('the connection ends at SUBSCRIBE'));
  }
}

/** Errors of a login meet the commands behind it too. */
function isAnswerToSubscribe(error: unknown): boolean {
  const name = (error as { command?: { name?: string } }).command?.name;
  return isReply(error) && (name === undefined || name.toLowerCase() === 'subscribe');
}
