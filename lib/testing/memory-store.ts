import { COMMAND_TIMEOUT_MS } from '../redis-lock.constants.js';
import type { ReleaseOutcome } from '../interfaces/lock.interface.js';
import type {
  AcquireAllOutcome,
  AcquireAllRequest,
  AcquireOutcome,
  AcquireRequest,
  BusyOutcome,
  LockStore,
  RelayOutcome,
  RelayRequest,
  RenewOutcome,
  StoredLock,
} from '../engine/lock-store.interface.js';
import type { Clock } from '../engine/time/clock.js';

interface Entry {
  readonly value: string;
  /** On the monotonic clock. */
  expiresAt: number;
}

/** What a key holds that another program is said to hold. */
const STRANGER = 'another process';

/** Locks in this process, with the semantics of Redis: for unit tests, and to try things out where there is no Redis. */
export class MemoryStore implements LockStore {
  readonly commandTimeout = COMMAND_TIMEOUT_MS;

  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #lastToken = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  acquire({ key, value, ttl, tokens }: AcquireRequest): Promise<AcquireOutcome> {
    const busy = this.#busy(key, value);
    if (busy !== undefined) return Promise.resolve(busy);
    this.#entries.set(key, { value, expiresAt: this.#clock.now() + ttl });
    return Promise.resolve({ status: 'acquired', fencingToken: this.#mint(tokens) });
  }

  /** There is no other process that would have to be woken. */
  contend(request: AcquireRequest): Promise<AcquireOutcome> {
    return this.acquire(request);
  }

  takesAll(): boolean {
    return true;
  }

  acquireAll({ keys, value, ttl }: AcquireAllRequest): Promise<AcquireAllOutcome> {
    for (const key of keys) {
      const why = this.#busy(key, value);
      if (why !== undefined) return Promise.resolve(key === keys[0] ? why : { status: 'elsewhere', key, why });
    }
    for (const key of keys) this.#entries.set(key, { value, expiresAt: this.#clock.now() + ttl });
    return Promise.resolve({ status: 'acquired', fencingToken: this.#mint(1) });
  }

  async relay({ key, value, ttl, tokens }: RelayRequest): Promise<RelayOutcome> {
    const renewed = await this.renew(key, value, ttl);
    return renewed === 'renewed' ? { status: 'kept', fencingToken: this.#mint(tokens) } : { status: renewed };
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  listen(): void {
    // No process sends a wake-up: what is busy is busy in this one.
  }

  renew(key: string, value: string, ttl: number, shortens = false): Promise<Exclude<RenewOutcome, 'resent'>> {
    const entry = this.#read(key);
    if (entry === undefined) return Promise.resolve('expired');
    if (entry.value !== value) return Promise.resolve('stolen');
    const until = this.#clock.now() + ttl;
    entry.expiresAt = shortens ? until : Math.max(entry.expiresAt, until);
    return Promise.resolve('renewed');
  }

  async raiseFence(key: string, value: string, ttl: number, floor: number): Promise<RenewOutcome> {
    const renewed = await this.renew(key, value, ttl);
    if (renewed === 'renewed') this.#lastToken = Math.max(this.#lastToken, floor);
    return renewed;
  }

  release(key: string, value: string, keepFor: number): Promise<ReleaseOutcome> {
    const entry = this.#read(key);
    if (entry === undefined) return Promise.resolve('expired');
    if (entry.value !== value) return Promise.resolve('stolen');
    if (keepFor > 0) entry.expiresAt = this.#clock.now() + keepFor;
    else this.#entries.delete(key);
    return Promise.resolve('released');
  }

  inspect(key: string): Promise<StoredLock | null> {
    const entry = this.#read(key);
    return Promise.resolve(
      entry === undefined
        ? null
        : { value: entry.value, ttl: Math.ceil(entry.expiresAt - this.#clock.now()), processes: 0 },
    );
  }

  forceRelease(key: string): Promise<boolean> {
    const entry = this.#read(key);
    this.#entries.delete(key);
    return Promise.resolve(entry !== undefined);
  }

  /** Puts a stranger into the key, for good. */
  occupy(key: string): void {
    this.#entries.set(key, { value: STRANGER, expiresAt: Infinity });
  }

  /** Takes the stranger out. */
  vacate(key: string): void {
    if (this.#entries.get(key)?.value === STRANGER) this.#entries.delete(key);
  }

  open(): void {
    // Nothing to connect to.
  }

  close(): Promise<void> {
    this.#entries.clear();
    return Promise.resolve();
  }

  /** One counter for all keys: strictly increasing for each of them, and nothing to keep per key. */
  #mint(tokens: number): number {
    const first = Math.max(Math.floor(this.#clock.epoch() * 1_000), this.#lastToken + 1);
    this.#lastToken = first + tokens - 1;
    return first;
  }

  #busy(key: string, value: string): BusyOutcome | undefined {
    const entry = this.#read(key);
    if (entry === undefined || entry.value === value) return undefined;
    return { status: 'busy', remaining: entry.expiresAt - this.#clock.now(), wakes: false };
  }

  #read(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAt > this.#clock.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}
