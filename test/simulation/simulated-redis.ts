import { FENCE_LEAD_US, FENCE_RETENTION_MS } from '../../lib/stores/scripts/fencing.lua.js';
import { PLACE, POLLER, QUEUE_MS, RESERVATION_MS, RESERVED } from '../../lib/stores/scripts/queue.lua.js';
import type { Clock } from '../../lib/engine/time/clock.js';
import type { RelayRequest } from '../../lib/engine/lock-store.interface.js';
import { Ledger } from './ledger.js';

const OURS = /^[A-Za-z0-9._-]+:\d+:[A-Za-z0-9]+#[A-Za-z0-9]+/;

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
  /** What TIME says more than it should. */
  #aheadMs = 0;
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
    if (holder !== undefined && holder !== value) return this.#busy(key, holder);
    this.#prolong(key, value, ttl);
    return this.#mint(key, value, tokens);
  }

  contend(
    key: string,
    inbox: string,
    value: string,
    ttl: number,
    tokens: number,
    comesAgainIn: number | undefined,
  ): number {
    const holder = this.holder(key);
    if (holder !== undefined && holder !== value && !isReserved(holder, inbox)) {
      this.#enqueue(key, inbox, comesAgainIn);
      return this.#busy(key, holder);
    }
    this.#prolong(key, value, ttl);
    this.#dequeue(key, inbox);
    return this.#mint(key, value, tokens);
  }

  /** `waits`: as `contend()` does, for the first. */
  acquireAll(
    keys: readonly string[],
    inbox: string,
    value: string,
    ttl: number,
    waits: { readonly comesAgainIn: number | undefined } | undefined,
  ): readonly [number, number] {
    for (const [which, key] of keys.entries()) {
      const holder = this.holder(key);
      const waitsHere = which === 0 && waits !== undefined;
      if (holder === undefined || holder === value || (waitsHere && isReserved(holder, inbox))) continue;
      if (waitsHere) this.#enqueue(key, inbox, waits.comesAgainIn);
      return [which, this.#busy(key, holder)];
    }
    const token = Math.max(...keys.map((key) => this.#nextToken(key)));
    for (const key of keys) {
      this.#prolong(key, value, ttl);
      this.#note(key, value, token, 1);
    }
    if (waits !== undefined) this.#dequeue(keys[0] ?? '', inbox);
    return [0, token];
  }

  relay(
    key: string,
    inbox: string,
    value: string,
    ttl: number,
    tokens: number,
    mode: RelayRequest['mode'],
    ahead: number,
  ): number {
    const holder = this.holder(key);
    if (holder !== value) return holder === undefined ? 0 : -1;
    if (mode === 'held' && this.#firstDue(key, ahead) !== undefined) return -3;
    if (mode === 'open') this.#locks.delete(key);
    const isPassed = mode === 'free' && this.#passOn(key, ahead);
    if (mode === 'open' || isPassed) {
      if (inbox !== '') this.#enqueue(key, inbox, undefined);
      return isPassed ? -2 : -4;
    }
    this.#prolong(key, value, ttl);
    return this.#mint(key, value, tokens);
  }

  leave(key: string, inbox: string): number {
    this.#dequeue(key, inbox);
    const holder = this.holder(key);
    if (holder !== undefined && !isReserved(holder, inbox)) return 1;
    if (!this.#passOn(key, 0)) this.#locks.delete(key);
    return 1;
  }

  renew(key: string, value: string, ttl: number, shortens: boolean): number {
    const holder = this.holder(key);
    if (holder !== value) return holder === undefined ? 0 : -1;
    if (shortens) this.#set(key, value, ttl);
    else this.#prolong(key, value, ttl);
    return 1;
  }

  raiseFence(key: string, value: string, ttl: number, floor: number): number {
    const renewed = this.renew(key, value, ttl, false);
    const fence = this.#read(this.#fences, key);
    if (renewed === 1 && (fence === undefined || fence.last < floor))
      this.#fences.set(key, { last: floor, expiresAt: this.#ms() + FENCE_RETENTION_MS });
    return renewed;
  }

  release(key: string, value: string, keepFor: number, heldFor: number): number {
    const holder = this.holder(key);
    if (holder !== value) return holder === undefined ? 0 : -1;
    if (keepFor !== 0) this.#set(key, value, keepFor);
    else if (!this.#passOn(key, heldFor)) this.#locks.delete(key);
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
    if (!this.#passOn(key, 0)) this.#locks.delete(key);
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

  /** TIME steps, back if `ms` is negative. Leases end as they would. */
  step(ms: number): void {
    this.#aheadMs += ms;
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

  /** The entries of the queue, the first to have its turn first. */
  queue(key: string): string[] {
    return this.#entries(key).map(([entry]) => entry);
  }

  #entries(key: string): [string, number][] {
    const scores = [...(this.#read(this.#queues, key)?.scores ?? [])];
    return scores.sort(([entry, score], [other, otherScore]) => score - otherScore || (entry < other ? -1 : 1));
  }

  #passOn(key: string, ahead: number): boolean {
    for (let head = this.#firstDue(key, ahead); head !== undefined; head = this.#firstDue(key, ahead)) {
      const [entry] = head;
      const ms = this.#due(head);
      this.#remove(key, entry);
      if (!entry.startsWith(POLLER) && this.#publish(entry, key) === 0) continue;
      this.#set(key, RESERVED + entry, ms + RESERVATION_MS);
      return true;
    }
    return false;
  }

  #firstDue(key: string, ahead: number): [string, number] | undefined {
    return this.#entries(key).find((entry) => this.#due(entry) <= ahead);
  }

  /** Milliseconds until the process is there. */
  #due([entry, place]: readonly [string, number]): number {
    if (!entry.startsWith(POLLER)) return 0;
    const ms = modulo(place - this.#timeMs(), PLACE);
    return ms < PLACE / 2 ? ms : 0;
  }

  #publish(inbox: string, key: string): number {
    const receivers = [...(this.#receivers.get(inbox) ?? [])];
    for (const receiver of receivers) receiver(key);
    return receivers.length;
  }

  #enqueue(key: string, inbox: string, comesAgainIn: number | undefined): void {
    const queue = this.#read(this.#queues, key) ?? { scores: new Map<string, number>(), expiresAt: 0 };
    const now = this.#timeMs();
    if (comesAgainIn === undefined) {
      const place = now * PLACE + (this.#micros() % 1_000);
      queue.scores.set(inbox, Math.min(queue.scores.get(inbox) ?? place, place));
      queue.scores.delete(POLLER + inbox);
    } else {
      const came = Math.min(now, Math.floor((queue.scores.get(POLLER + inbox) ?? Infinity) / PLACE));
      queue.scores.set(POLLER + inbox, came * PLACE + modulo(now + comesAgainIn, PLACE));
      queue.scores.delete(inbox);
    }
    queue.expiresAt = this.#ms() + QUEUE_MS;
    this.#queues.set(key, queue);
  }

  #dequeue(key: string, inbox: string): void {
    this.#remove(key, inbox);
    this.#remove(key, POLLER + inbox);
  }

  #remove(key: string, entry: string): void {
    const queue = this.#read(this.#queues, key);
    queue?.scores.delete(entry);
    if (queue?.scores.size === 0) this.#queues.delete(key);
  }

  #busy(key: string, holder: string): number {
    const left = this.#pttl(this.#locks.get(key));
    if (left < 0) return -1;
    return -2 - 2 * left - (OURS.test(holder) || (holder.startsWith(RESERVED) && holder.includes('inbox:')) ? 0 : 1);
  }

  #mint(key: string, value: string, tokens: number): number {
    const first = this.#nextToken(key);
    this.#note(key, value, first, tokens);
    return first;
  }

  #nextToken(key: string): number {
    const last = this.#read(this.#fences, key)?.last ?? 0;
    const now = this.#micros();
    return last - now < FENCE_LEAD_US ? Math.max(now, last + 1) : now;
  }

  #note(key: string, value: string, first: number, tokens: number): void {
    this.#fences.set(key, { last: first + tokens - 1, expiresAt: this.#ms() + FENCE_RETENTION_MS });
    this.ledger.mint(key, { first, last: first + tokens - 1, value, at: this.#clock.now() });
  }

  /** Never makes a lease shorter. */
  #prolong(key: string, value: string, ttl: number): void {
    const lock = this.#read(this.#locks, key);
    if (lock?.value !== value || this.#pttl(lock) < ttl) this.#set(key, value, ttl);
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

  /** What TIME says, in whole milliseconds. */
  #timeMs(): number {
    return Math.floor(this.#micros() / 1_000);
  }

  #micros(): number {
    return Math.floor((this.#clock.epoch() + this.#aheadMs) * 1_000);
  }
}

function modulo(number: number, divisor: number): number {
  return ((number % divisor) + divisor) % divisor;
}

function isReserved(holder: string, inbox: string): boolean {
  return holder === RESERVED + inbox || holder === RESERVED + POLLER + inbox;
}
