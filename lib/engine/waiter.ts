import { LockBackendError } from '../errors/lock-backend.error.js';
import { LockNotAcquiredError } from '../errors/lock-not-acquired.error.js';
import type { LockStore, StoreFailure } from '../stores/lock-store.interface.js';
import { Cancellation, type AbortListener, type StopSignal } from './cancellation.js';
import type { Clock, Timer } from './clock.js';
import type { FifoLinks } from './fifo.js';
import type { Lease } from './lease.js';
import type { Orphan } from './sweeper.js';

export interface WaitTerms {
  readonly ttl: number;
  readonly renew: boolean;
  /** Milliseconds from when the caller asked; 0 tries once. */
  readonly wait: number;
  readonly signal: StopSignal | undefined;
  readonly metadata: string | undefined;
}

/** What one caller asks of one key. */
export interface WaitRequest {
  readonly key: string;
  readonly terms: WaitTerms;
  /** When the caller asked, on the monotonic clock. */
  readonly since: number;
  /** Whether a lease that served another caller serves this one as well: renewed, of one key, without metadata. */
  readonly isPlain: boolean;
}

export interface WaiterContext {
  readonly store: LockStore;
  readonly clock: Clock;
  /** Makes what a key shall hold: a fresh owner token with the metadata. */
  readonly newValue: (metadata: string | undefined) => string;
}

/**
 * What stood in the way last: nobody yet, a holder (`until` on the monotonic clock: `Infinity` without an expiry, `undefined` when nobody
 * knows), or a broken store.
 */
export type Obstacle =
  | { readonly kind: 'none' }
  | { readonly kind: 'busy'; readonly until: number | undefined }
  | { readonly kind: 'failure'; readonly failure: StoreFailure };

export const NO_OBSTACLE: Obstacle = { kind: 'none' };

/** How a process asked that found the key busy: to be woken, or for some milliseconds later. */
export interface Asked {
  readonly isWakeable: boolean;
  readonly comesAgainIn: number | undefined;
}

/** Who decides what becomes of a waiter. */
export interface WaiterOwner {
  /** The caller's patience is at an end. */
  onTimeout(waiter: Waiter): void;
  /** The caller was told to stop. */
  onAbort(waiter: Waiter, reason: unknown): void;
}

/** One caller that stands in the queue of a key; of `grant` and `refuse` one is called, once. */
export class Waiter implements FifoLinks<Waiter> {
  previous: Waiter | undefined;
  next: Waiter | undefined;
  /** Whether Redis may hold our value, or get it yet, although no reply told us so. */
  isOutcomeUnknown = false;

  #state: 'waiting' | 'granted' | 'gone' = 'waiting';
  #value: string | undefined;
  #timer: Timer;
  #owner: WaiterOwner | undefined;
  #listener: AbortListener | undefined;

  constructor(
    readonly request: WaitRequest,
    private readonly context: WaiterContext,
    private readonly onGrant: (lease: Lease, fencingToken: number) => void,
    private readonly onRefuse: (reason: unknown) => void,
  ) {}

  get state(): 'waiting' | 'granted' | 'gone' {
    return this.#state;
  }

  /** What the key shall hold, the same for all tries. Most callers never need one: the lease of another serves them. */
  get value(): string {
    return (this.#value ??= this.context.newValue(this.request.terms.metadata));
  }

  /** What Redis may hold for this caller. */
  get orphan(): Orphan {
    const { key, terms } = this.request;
    return { key, value: this.value, ttl: terms.ttl, mayComeYet: this.isOutcomeUnknown };
  }

  get triesOnce(): boolean {
    return this.request.terms.wait === 0;
  }

  /** Watches the caller's patience and signal from now on. A single try that `asks` has the time of its command, one that waits for another's as long. */
  watch(owner: WaiterOwner, asks: boolean): void {
    const { terms, since } = this.request;
    const { clock, store } = this.context;
    this.#owner = owner;
    const patience = terms.wait > 0 || asks ? terms.wait : store.commandTimeout;
    if (patience > 0 && patience !== Infinity) {
      // A reply that has come by then counts.
      this.#timer = clock.setTimer(Math.max(0, since + patience - clock.now()), () => clock.afterReads(() => this.#owner?.onTimeout(this)), 'process');
    }
    const { signal } = terms;
    if (signal === undefined) return;
    const listener = signal instanceof Cancellation ? this : (): void => this.handleEvent();
    try {
      signal.addEventListener('abort', listener, { once: true });
      this.#listener = listener;
    } catch (error) {
      // It only looks like a signal: the caller is told, and does not stay in the queue.
      owner.onAbort(this, error);
    }
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.#owner?.onAbort(this, this.request.terms.signal?.reason);
  }

  grant(lease: Lease, fencingToken: number): void {
    this.#leave('granted');
    this.onGrant(lease, fencingToken);
  }

  refuse(reason: unknown): void {
    this.#leave('gone');
    this.onRefuse(reason);
  }

  /** The error for a caller whose time is up. */
  errorFor(obstacle: Obstacle): LockNotAcquiredError | LockBackendError {
    const { key, since } = this.request;
    const waitedMs = Math.round(this.context.clock.now() - since);
    if (obstacle.kind === 'busy') {
      const retryAfterMs = obstacle.until === undefined ? undefined : Math.max(0, Math.round(obstacle.until - this.context.clock.now()));
      return new LockNotAcquiredError({ key, waitedMs, retryAfterMs });
    }
    const why = obstacle.kind === 'failure' ? obstacle.failure.message : 'no answer yet';
    const cause = obstacle.kind === 'failure' ? (obstacle.failure.cause ?? obstacle.failure) : undefined;
    return new LockBackendError(`Lock "${key}" could not be asked for in ${waitedMs} ms: ${why}.`, { key, cause });
  }

  #leave(state: 'granted' | 'gone'): void {
    this.#state = state;
    this.context.clock.clearTimer(this.#timer);
    if (this.#listener !== undefined) this.request.terms.signal?.removeEventListener('abort', this.#listener);
    this.#owner = undefined;
  }
}
