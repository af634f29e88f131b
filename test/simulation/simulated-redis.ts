import { FENCE_RETENTION_MS } from '../../lib/scripts/fencing.lua.js';
import { QUEUE_SLACK_MS, RESERVATION_MS, RESERVED } from '../../lib/scripts/queue.lua.js';
import type { Clock } from '../../lib/engine/clock.js';
import { Ledger } from './ledger.js';

const OURS = /^[A-Za-z0-9._-]+:\d+:[A-Za-z0-9]+:[A-Za-z0-9]+/;

interface Expiring {
  /** In whole milliseconds of the server, as Redis counts; `Infinity` without an expiry. */
  expiresAt: number;
}

interface Lock extends Expiring {
  readonly value: string;
}

interface Queue extends Expiring {
  readonly scores: Map<string, number>;
}

interface Fence extends Expiring {
  readonly last: number;
}

export type Receiver = (key: string) => void;

/** One Redis server: what the scripts in `lib/scripts` do, with the integers that they reply, under a clock that is the truth. */
export class SimulatedRedis {
  readonly ledger = new Ledger();
  /** While it is down it neither hears nor answers. */
  isUp = true;
  /** What TIME says less than it should. */
  #behindMs = 0;
  readonly #clock: Clock;
  readonly #locks = new Map<string, Lock>();
  readonly #queues = new Map<string, Queue>();
  readonly #fences = new Map<string, Fence>();
  readonly #receivers = new Map<string, Set<Receiver>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  acquire(key: string, value: string, ttl: number, tokens: number): number {
    const holder = this.holder(key);
    if (holder === undefined || holder === value) {
      this.#set(key, value, ttl);
      return this.#mint(key, value, tokens);
    }
    return this.#busy(key, holder);
  }

  contend(key: string, inbox: string, value: string, ttl: number, tokens: number): number {
    const holder = this.holder(key);
    if (holder === undefined || holder === value || holder === RESERVED + inbox) {
      this.#set(key, value, ttl);
      this.#dequeue(key, inbox);
      return this.#mint(key, value, tokens);
    }
    this.#enqueue(key, inbox, Math.max(this.#pttl(this.#locks.get(key)), 0));
    return this.#busy(key, holder);
  }

  relay(key: string, inbox: string, value: string, ttl: number, tokens: number, isHeld: boolean): number {
    const holder = this.holder(key);
    if (holder !== value) return holder === undefined ? 0 : -1;
    if (isHeld) {
      if (this.queue(key).length > 0) return -3;
    } else if (this.#passOn(key)) {
      if (inbox !== '') this.#enqueue(key, inbox, RESERVATION_MS);
      return -2;
    }
    this.#set(key, value, ttl);
    return this.#mint(key, value, tokens);
  }

  leave(key: string, inbox: string): number {
    this.#dequeue(key, inbox);
    if (this.holder(key) === RESERVED + inbox && !this.#passOn(key)) this.#locks.delete(key);
    return 1;
  }

  renew(key: string, value: string, ttl: number): number {
    const holder = this.holder(key);
    if (holder !== value) return holder === undefined ? 0 : -1;
    this.#set(key, value, ttl);
    return 1;
  }

  raiseFence(key: string, value: string, ttl: number, floor: number): number {
    const renewed = this.renew(key, value, ttl);
    const fence = this.#read(this.#fences, key);
    if (renewed === 1 && (fence === undefined || fence.last < floor)) this.#fences.set(key, { last: floor, expiresAt: this.#ms() + FENCE_RETENTION_MS });
    return renewed;
  }

  release(key: string, value: string, keepFor: number): number {
    const holder = this.holder(key);
    if (holder !== value) return holder === undefined ? 0 : -1;
    if (keepFor !== 0) this.#set(key, value, keepFor);
    else if (!this.#passOn(key)) this.#locks.delete(key);
    return 1;
  }

  inspect(key: string): { readonly value: string; readonly ttl: number; readonly processes: number } | null {
    const lock = this.#read(this.#locks, key);
    return lock === undefined ? null : { value: lock.value, ttl: this.#pttl(lock), processes: this.queue(key).length };
  }

  forceRelease(key: string): number {
    const holder = this.holder(key);
    if (holder === undefined) return 0;
    this.ledger.disturb(key, holder, this.#clock.now());
    if (!this.#passOn(key)) this.#locks.delete(key);
    return 1;
  }

  /** What another program does: `SET key value [NX] [PX ttl]`. */
  set(key: string, value: string, ttl: number, isPolite: boolean): boolean {
    const holder = this.holder(key);
    if (holder !== undefined && isPolite) return false;
    if (holder !== undefined) this.ledger.disturb(key, holder, this.#clock.now());
    this.#set(key, value, ttl);
    return true;
  }

  /** What another program does when it is done: deletes its own value. */
  compareAndDelete(key: string, value: string): void {
    if (this.holder(key) === value) this.#locks.delete(key);
  }

  /** FLUSHALL, or a start without data. */
  flush(keys: readonly string[]): void {
    for (const key of keys) this.ledger.disturb(key, this.holder(key), this.#clock.now());
    for (const data of [this.#locks, this.#queues, this.#fences]) data.clear();
  }

  /** TIME steps back. */
  stepBack(ms: number): void {
    this.#behindMs += ms;
  }

  /** Opens a channel; returns what closes it. */
  subscribe(inbox: string, receiver: Receiver): () => void {
    const receivers = this.#receivers.get(inbox) ?? new Set();
    this.#receivers.set(inbox, receivers.add(receiver));
    return () => void receivers.delete(receiver);
  }

  /** What the key holds. */
  holder(key: string): string | undefined {
    return this.#read(this.#locks, key)?.value;
  }

  /** The inboxes that stand in the queue, the first to be woken first. */
  queue(key: string): string[] {
    const scores = [...(this.#read(this.#queues, key)?.scores ?? [])];
    return scores.sort(([inbox, score], [other, otherScore]) => score - otherScore || (inbox < other ? -1 : 1)).map(([inbox]) => inbox);
  }

  #passOn(key: string): boolean {
    for (let [head] = this.queue(key); head !== undefined; [head] = this.queue(key)) {
      this.#dequeue(key, head);
      if (this.#publish(head, key) === 0) continue;
      this.#set(key, RESERVED + head, RESERVATION_MS);
      return true;
    }
    return false;
  }

  #publish(inbox: string, key: string): number {
    const receivers = [...(this.#receivers.get(inbox) ?? [])];
    for (const receiver of receivers) receiver(key);
    return receivers.length;
  }

  #enqueue(key: string, inbox: string, ms: number): void {
    const queue = this.#read(this.#queues, key) ?? { scores: new Map<string, number>(), expiresAt: Infinity };
    this.#queues.set(key, queue);
    if (!queue.scores.has(inbox)) queue.scores.set(inbox, this.#micros());
    if (this.#pttl(queue) < ms + QUEUE_SLACK_MS) queue.expiresAt = this.#ms() + ms + QUEUE_SLACK_MS;
  }

  #dequeue(key: string, inbox: string): void {
    const queue = this.#read(this.#queues, key);
    queue?.scores.delete(inbox);
    if (queue?.scores.size === 0) this.#queues.delete(key);
  }

  #busy(key: string, holder: string): number {
    const left = this.#pttl(this.#locks.get(key));
    if (left < 0) return -1;
    return -2 - 2 * left - (OURS.test(holder) || holder.startsWith(RESERVED) ? 0 : 1);
  }

  #mint(key: string, value: string, tokens: number): number {
    const last = this.#read(this.#fences, key)?.last ?? 0;
    const first = Math.max(this.#micros(), last + 1);
    this.#fences.set(key, { last: first + tokens - 1, expiresAt: this.#ms() + FENCE_RETENTION_MS });
    this.ledger.mint(key, { first, last: first + tokens - 1, value, at: this.#clock.now() });
    return first;
  }

  #set(key: string, value: string, ttl: number): void {
    const expiresAt = this.#ms() + ttl;
    this.#locks.set(key, { value, expiresAt });
    // Redis counts whole milliseconds, and a key is there until they have passed.
    this.ledger.start(key, value, expiresAt - this.#epochAtZero() + 1, ttl);
  }

  #read<T extends Expiring>(data: Map<string, T>, key: string): T | undefined {
    const entry = data.get(key);
    if (entry === undefined || this.#ms() <= entry.expiresAt) return entry;
    data.delete(key);
    return undefined;
  }

  /** As PTTL: -1 without an expiry. */
  #pttl(entry: Expiring | undefined): number {
    return entry === undefined || entry.expiresAt === Infinity ? -1 : Math.max(0, entry.expiresAt - this.#ms());
  }

  #epochAtZero(): number {
    return this.#clock.epoch() - this.#clock.now();
  }

  #ms(): number {
    return Math.floor(this.#clock.epoch());
  }

  #micros(): number {
    return Math.floor((this.#clock.epoch() - this.#behindMs) * 1_000);
  }
}
