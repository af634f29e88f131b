import type { ReleaseOutcome } from '../interfaces/lock.interface.js';

/** One try to take a key. */
export interface AcquireRequest {
  readonly key: string;
  /** What the key holds while it is ours: owner token and metadata. The same for every repetition of the try. */
  readonly value: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** How many fencing tokens are reserved: one for each holder that the lease is going to serve. */
  readonly tokens: number;
}

/** One question whether to go on. */
export interface RelayRequest {
  readonly key: string;
  readonly value: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly tokens: number;
  /** Whether one of ours still holds it: it is not passed on then. */
  readonly isHeld: boolean;
}

export interface BusyOutcome {
  readonly status: 'busy';
  /** Milliseconds until the holder's lease ends, `Infinity` without an expiry. */
  readonly remaining: number;
  /** Whether the holder wakes who stands in the queue; programs that use the key without this package do not. */
  readonly wakes: boolean;
}

export type AcquireOutcome = { readonly status: 'acquired'; readonly fencingToken: number } | BusyOutcome;

export type RelayOutcome =
  | { readonly status: 'kept'; readonly fencingToken: number }
  /** The lock is another process's now; ours stands at the end of the queue, if it can be woken. */
  | { readonly status: 'passed' }
  /** Another process waits, and one of ours still holds it: nothing has happened. */
  | { readonly status: 'wanted' }
  | { readonly status: 'expired' }
  | { readonly status: 'stolen' };

/** Who is woken. Nothing of it may throw. */
export interface WakeListener {
  /** The key may be free for us: contend for it. */
  onWake(key: string): void;
  /** From now on wake-ups arrive; those before are lost. */
  onOpen(): void;
  /** From now on no wake-ups arrive: for a while, or for good because the server refuses (`refusal`). */
  onClosed(refusal?: Error): void;
  /** It cannot be opened, again and again, although Redis answers otherwise; it is tried on. Told once until it is open. */
  onTrouble?(error: Error): void;
}

export type RenewOutcome = 'renewed' | 'expired' | 'stolen';

/** What a key holds. `ttl` in milliseconds, `Infinity` without an expiry. */
export interface StoredLock {
  readonly value: string;
  readonly ttl: number;
  /** Processes in the queue. */
  readonly processes: number;
}

/**
 * Where locks live. Every method rejects with a `StoreFailure` when the store could not be asked, and with nothing else; calls that were
 * made one after the other for one key take effect in that order.
 */
export interface LockStore {
  /** Milliseconds that one command may take which is sent now; before its connection is there, it takes longer. */
  readonly commandTimeout: number;

  /** Takes the key if it is free or already holds `value`; in both cases the lease starts now. */
  acquire(request: AcquireRequest): Promise<AcquireOutcome>;

  /**
   * As `acquire()`, for a process that can be woken: a key that is reserved for us counts as free, and when it is busy, we stand in its
   * queue afterwards. Only while the inbox is open.
   */
  contend(request: AcquireRequest): Promise<AcquireOutcome>;

  /** Keeps the key, its lease starting now, if no other process waits for it; else passes it on. */
  relay(request: RelayRequest): Promise<RelayOutcome>;

  /** Takes us out of the queue of the key, and passes on a reservation for us. */
  leave(key: string): Promise<void>;

  /** Opens the inbox, once; the listener is told when, and of everything after. */
  listen(listener: WakeListener): void;

  /** Starts the lease anew if the key holds `value`. Never creates a key. `ttl` in milliseconds. */
  renew(key: string, value: string, ttl: number): Promise<RenewOutcome>;

  /** As `renew()`; the next fencing token of the key exceeds `floor`. */
  raiseFence(key: string, value: string, ttl: number, floor: number): Promise<RenewOutcome>;

  /** Gives the key back if it holds `value`: to the process that waits longest or to whoever comes, or (`keepFor` > 0) by letting it expire after so many milliseconds. */
  release(key: string, value: string, keepFor: number): Promise<ReleaseOutcome>;

  /** Reads the key. */
  inspect(key: string): Promise<StoredLock | null>;

  /** Removes the key whoever holds it. Tells whether there was one. */
  forceRelease(key: string): Promise<boolean>;

  /** Starts to connect, if there is anything to connect to. Does not wait and does not throw: failures show in the other methods. */
  open(): void;

  /** Sends what waits, lets it be answered, and gives up the resources that the store itself opened. Never rejects. */
  close(): Promise<void>;
}

export interface StoreFailureInit {
  /** `true`: another try may succeed. `false`: it will not before somebody changes something. */
  readonly transient: boolean;
  /** Whether the command may have taken effect, or may still. */
  readonly applied: 'no' | 'unknown';
  readonly cause?: unknown;
}

/** The store could not be asked. Internal: the engine turns it into a `LockBackendError`. */
export class StoreFailure extends Error {
  readonly transient: boolean;
  readonly applied: 'no' | 'unknown';

  constructor(message: string, { transient, applied, cause }: StoreFailureInit) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreFailure';
    this.transient = transient;
    this.applied = applied;
  }
}
