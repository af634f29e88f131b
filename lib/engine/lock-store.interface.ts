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

/** One try of a process that waits. */
export interface ContendRequest extends AcquireRequest {
  /** Milliseconds after which the process comes again, whatever happens; `undefined` for one that is woken. */
  readonly comesAgainIn: number | undefined;
}

/** One try to take several keys at once. */
export interface AcquireAllRequest {
  /** In the queue of the first stands a process that waits. */
  readonly keys: readonly [string, ...string[]];
  /** What each of them holds while it is ours. The same for every repetition of the try. */
  readonly value: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** Of a process that waits for the first key, as in `contend()`; `undefined` for a single try. */
  readonly waits: Pick<ContendRequest, 'comesAgainIn'> | undefined;
}

/** One question whether to go on. */
export interface RelayRequest {
  readonly key: string;
  readonly value: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly tokens: number;
  /**
   * `held`: a caller of this process still holds it, so it is not passed on. `free`: it passes on to a process that waits. `open`: it is given up, for programs that do not
   * stand in the queue.
   */
  readonly mode: 'held' | 'free' | 'open';
  /** Milliseconds that our process would keep it if it goes on: a process that polls and comes within that time counts as waiting. */
  readonly ahead: number;
}

/** The client has sent the command more than once, so that a copy of it may come to the store yet. */
interface Sent {
  readonly isResent?: boolean;
}

export interface BusyOutcome extends Sent {
  readonly status: 'busy';
  /** Milliseconds until the holder's lease ends, `Infinity` without an expiry. */
  readonly remaining: number;
  /** Whether the holder wakes who stands in the queue; programs that use the key without this package do not. */
  readonly wakes: boolean;
}

export type AcquireOutcome = (Sent & { readonly status: 'acquired'; readonly fencingToken: number }) | BusyOutcome;

/** Another key than the first was not to be had, and nothing has happened to the first. */
export interface ElsewhereOutcome extends Sent {
  readonly status: 'elsewhere';
  readonly key: string;
  /** Why: busy, or it holds data that is no lock. */
  readonly why: BusyOutcome | StoreFailure;
}

export type AcquireAllOutcome = AcquireOutcome | ElsewhereOutcome;

export type RelayOutcome =
  | { readonly status: 'kept'; readonly fencingToken: number }
  /** The lock is another process's now; ours stands at the end of the queue, if it can be woken. */
  | { readonly status: 'passed' }
  /** Another process waits, and a caller of this process still holds it: nothing has happened. */
  | { readonly status: 'wanted' }
  /** The lock is free; ours stands in the queue, if it can be woken. */
  | { readonly status: 'opened' }
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

/** `resent`: renewed, by a command that was sent twice, and may be executed once more. */
export type RenewOutcome = 'renewed' | 'resent' | 'expired' | 'stolen';

/** What a key holds. `ttl` in milliseconds, `Infinity` without an expiry. */
export interface StoredLock {
  readonly value: string;
  readonly ttl: number;
  /** Processes in the queue. */
  readonly processes: number;
}

/**
 * Where locks live. Every method rejects with a `StoreFailure` when the store could not be asked, and with nothing else; no answer comes only
 * while a connection is silent: when it breaks, what was asked over it is asked again or rejected. Calls that were made one after the other for one key take effect in
 * that order, as long as the connection lasts.
 */
export interface LockStore {
  /** Milliseconds that one command may take which is sent now, before its outcome counts as unknown; more while its connection is being made. */
  readonly commandTimeout: number;

  /** Takes the key if it is free or already holds `value`; in both cases the lease lasts `ttl` from now, at least. */
  acquire(request: AcquireRequest): Promise<AcquireOutcome>;

  /**
   * As `acquire()`, for a process that waits: a key that is reserved for us counts as free, and when it is busy, we stand in its queue afterwards.
   */
  contend(request: ContendRequest): Promise<AcquireOutcome>;

  /** Whether `acquireAll()` can take all these keys: those of a Cluster lie on one of its servers only if they share a hash tag. */
  takesAll(keys: readonly string[]): boolean;

  /**
   * Takes all keys that are free or hold `value` already, under one fencing token above the last of each, or none. A process that waits stands in the queue of the first key afterwards
   * if that is busy; while another one is, it keeps what it has there, a place or a reservation.
   */
  acquireAll(request: AcquireAllRequest): Promise<AcquireAllOutcome>;

  /** Keeps the key, its lease lasting `ttl` from now, if no other process waits for it; else passes it on. */
  relay(request: RelayRequest): Promise<RelayOutcome>;

  /** Takes us out of the queue of the key, and passes it on if it is free or reserved for us. */
  leave(key: string): Promise<void>;

  /** Opens the inbox, once; the listener is told when, and of everything after. */
  listen(listener: WakeListener): void;

  /** Lets the lease last `ttl` milliseconds from now if the key holds `value`; less than it lasts already only if it `shortens`. Never creates a key. */
  renew(key: string, value: string, ttl: number, shortens?: boolean): Promise<RenewOutcome>;

  /** As `renew()`, never shorter; the next fencing token of the key exceeds `floor`. */
  raiseFence(key: string, value: string, ttl: number, floor: number): Promise<RenewOutcome>;

  /**
   * Gives the key back if it holds `value`: to the process that waits longest or to the next that comes, or (`keepFor` > 0) by letting it expire after so many milliseconds.
   * `heldFor`: milliseconds that a turn lasts, as far as we know, default 0; a process that polls and comes within as many has its turn.
   */
  release(key: string, value: string, keepFor: number, heldFor?: number): Promise<ReleaseOutcome>;

  /** Reads the key. */
  inspect(key: string): Promise<StoredLock | null>;

  /** Removes the key, also when another process holds it. Tells whether there was one. */
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
