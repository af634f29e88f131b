import type { RedisClient } from '../interfaces/redis-client.interface.js';
import type { WakeListener } from './lock-store.interface.js';

const RETRY_STEP_MS = 50;
const RETRY_CAP_MS = 2_000;

/**
 * The channel on which this process is woken, on one connection of its own whatever the number of locks. Its client is a duplicate of the
 * user's, because a connection that subscribes may take no other commands, with settings of our own.
 */
export class RedisInbox {
  readonly channel: string;
  readonly #client: RedisClient;
  readonly #listener: WakeListener;
  readonly #subscriber: RedisClient;
  #state: 'opening' | 'open' | 'closed' = 'opening';

  constructor(client: RedisClient, channel: string, listener: WakeListener) {
    this.#client = client;
    this.channel = channel;
    this.#listener = listener;
    this.#subscriber = this.#duplicate();
    const subscriber = this.#subscriber;
    subscriber.on('error', () => undefined); // 'close' follows, and the client tries again by itself.
    subscriber.on('message', (_channel: string, key: string) => listener.onWake(key));
    subscriber.on('ready', () => void this.#subscribe());
    subscriber.on('close', () => this.#onClose());
    subscriber.connect().catch(() => undefined);
  }

  /** Whether wake-ups arrive. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  close(): void {
    this.#state = 'closed';
    this.#subscriber.disconnect();
  }

  #onClose(): void {
    if (this.#state !== 'open') return;
    this.#state = 'opening';
    this.#listener.onClosed();
  }

  #duplicate(): RedisClient {
    if (this.#client.isCluster === true) return this.#client.duplicate(undefined, { lazyConnect: true });
    return this.#client.duplicate({
      lazyConnect: true,
      autoResubscribe: false,
      // Its INFO would race our SUBSCRIBE.
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      commandTimeout: undefined,
      retryStrategy: (times: number) => Math.min(times * RETRY_STEP_MS, RETRY_CAP_MS),
    });
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#subscriber.subscribe(this.channel);
      if (this.#state === 'closed') return;
      this.#state = 'open';
      this.#listener.onOpen();
    } catch (error) {
      if (this.#state === 'closed') return;
      const refusal = error instanceof Error ? error : new Error(String(error));
      // A reply is a refusal; anything else is a connection that broke, and 'ready' comes again.
      if (refusal.name !== 'ReplyError') return;
      this.close();
      this.#listener.onClosed(refusal);
    }
  }
}
