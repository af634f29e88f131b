import { Redis } from 'ioredis';
import { now } from './clock.mjs';

/** Of strings and of all types, and ends of leases. Source: https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/ */
export const KEY_EVENTS = ['--notify-keyspace-events', 'Eg$x'];

const CHANNEL = '__keyevent@0__:';
const COMES = 'set';
const GOES = ['del', 'expired'];
const RETRY_MS = 20;
const SETTINGS = {
  maxRetriesPerRequest: null,
  autoResubscribe: false,
  enableReadyCheck: false,
  retryStrategy: () => RETRY_MS,
  lazyConnect: true,
};

/** Sees, by Redis' own events, in which times the keys of locks are not there. What happens while it is not connected, nobody knows. */
export class KeyWatch {
  #keys;
  #prefix;
  #onAbsence;
  #subscriber;
  #reader;
  /** By stored key, since when it has not been there. */
  #absentSince = new Map();
  /** Of which something was heard on this connection. */
  #heardOf = new Set();
  #connection = 0;

  /** `onAbsence(key, from, to)` is told of each time that is over. */
  constructor({ url, keys, prefix, onAbsence }) {
    this.#keys = keys.map((key) => prefix + key);
    this.#prefix = prefix;
    this.#onAbsence = onAbsence;
    [this.#subscriber, this.#reader] = [0, 1].map(() => new Redis(url, SETTINGS));
    for (const client of [this.#subscriber, this.#reader]) client.on('error', () => undefined);
    this.#subscriber.on('message', (channel, key) => this.#onEvent(channel.slice(CHANNEL.length), key));
    this.#subscriber.on('close', () => this.#forget());
  }

  /** Resolves when it knows which keys are there. */
  async start() {
    await Promise.all([this.#subscriber.connect(), this.#reader.connect()]);
    await this.#begin();
    // Connections that were stopped end what was asked on them.
    this.#subscriber.on('ready', () => void this.#begin().catch(() => undefined));
  }

  stop() {
    this.#forget();
    for (const client of [this.#subscriber, this.#reader]) client.disconnect();
  }

  async #begin() {
    await this.#subscriber.subscribe(...[COMES, ...GOES].map((event) => CHANNEL + event));
    const connection = this.#connection;
    const values = await this.#reader.mget(this.#keys);
    if (connection !== this.#connection) return;
    const at = now();
    this.#keys.forEach((key, index) => {
      if (values[index] === null && !this.#heardOf.has(key)) this.#goes(key, at);
    });
  }

  #onEvent(event, key) {
    if (!key.startsWith(this.#prefix)) return;
    this.#heardOf.add(key);
    if (event === COMES) this.#comes(key, now());
    else this.#goes(key, now());
  }

  #goes(key, at) {
    if (!this.#absentSince.has(key)) this.#absentSince.set(key, at);
  }

  #comes(key, at) {
    const since = this.#absentSince.get(key);
    if (since === undefined) return;
    this.#absentSince.delete(key);
    this.#onAbsence(key.slice(this.#prefix.length), since, at);
  }

  #forget() {
    const at = now();
    for (const key of [...this.#absentSince.keys()]) this.#comes(key, at);
    this.#heardOf.clear();
    this.#connection += 1;
  }
}
