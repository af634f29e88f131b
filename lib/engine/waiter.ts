import { LockBackendError } from '../errors/lock-backend.error.js';
import { LockNotAcquiredError } from '../errors/lock-not-acquired.error.js';
import type { StoreFailure } from '../stores/lock-store.interface.js';
import type { Clock, Timer } from './clock.js';
import type { Lease } from './lease.js';

export interface WaitTerms {
  /** Makes what the key shall hold: a fresh owner token with the metadata. */
  readonly newValue: () => string;
  readonly ttl: number;
  readonly renew: boolean;
  /** Whether a lease that served another caller serves this one as well: renewed, of one key, without metadata. */
  readonly isPlain: boolean;
  /** When the caller asked, on the monotonic clock. */
  readonly since: number;
  /** Milliseconds from `since`; 0 tries once. */
  readonly wait: number;
  readonly signal: AbortSignal | undefined;
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

/** Who decides what becomes of a waiter. */
export interface WaiterOwner {
  /** The caller's patience is at an end. */
  onTimeout(waiter: Waiter): void;
  /** The caller was told to stop. */
  onAbort(waiter: Waiter, reason: unknown): void;
}

/** How the caller is told of the end of the waiting; one of the two, once. */
export interface WaitingCaller {
  readonly grant: (lease: Lease, fencingToken: number) => void;
  readonly refuse: (reason: unknown) => void;
}

/** One caller that stands in the queue of a key. */
export class Waiter {
  /** Whether Redis may hold our value although nobody told us so. */
  isOutcomeUnknown = false;

  #state: 'waiting' | 'granted' | 'gone' = 'waiting';
  #value: string | undefined;
  #timer: Timer;
  #stopListening: (() => void) | undefined;

  constructor(
    readonly key: string,
    readonly terms: WaitTerms,
    private readonly clock: Clock,
    private readonly caller: WaitingCaller,
  ) {}

  get state(): 'waiting' | 'granted' | 'gone' {
    return this.#state;
  }

  /** What the key shall hold, the same for all tries. Most callers never need one: the lease of another serves them. */
  get value(): string {
    return (this.#value ??= this.terms.newValue());
  }

  get triesOnce(): boolean {
    return this.terms.wait === 0;
  }

  /** Watches the caller's patience and signal from now on. */
  watch(owner: WaiterOwner): void {
    const { wait, since, signal } = this.terms;
    if (wait > 0 && wait !== Infinity) {
      this.#timer = this.clock.setTimer(Math.max(0, since + wait - this.clock.now()), () => owner.onTimeout(this), 'process');
    }
    if (signal === undefined) return;
    const listener = (): void => owner.onAbort(this, signal.reason);
    signal.addEventListener('abort', listener, { once: true });
    this.#stopListening = () => signal.removeEventListener('abort', listener);
  }

  grant(lease: Lease, fencingToken: number): void {
    this.#leave('granted');
    this.caller.grant(lease, fencingToken);
  }

  refuse(reason: unknown): void {
    this.#leave('gone');
    this.caller.refuse(reason);
  }

  /** The error for a caller whose time is up. */
  errorFor(obstacle: Obstacle): LockNotAcquiredError | LockBackendError {
    const waitedMs = Math.round(this.clock.now() - this.terms.since);
    if (obstacle.kind === 'busy') {
      const retryAfterMs = obstacle.until === undefined ? undefined : Math.max(0, Math.round(obstacle.until - this.clock.now()));
      return new LockNotAcquiredError({ key: this.key, waitedMs, retryAfterMs });
    }
    const why = obstacle.kind === 'failure' ? obstacle.failure.message : 'no answer yet';
    const cause = obstacle.kind === 'failure' ? (obstacle.failure.cause ?? obstacle.failure) : undefined;
    return new LockBackendError(`Lock "${this.key}" could not be asked for in ${waitedMs} ms: ${why}.`, { key: this.key, cause });
  }

  #leave(state: 'granted' | 'gone'): void {
    this.#state = state;
    this.clock.clearTimer(this.#timer);
    this.#stopListening?.();
  }
}
