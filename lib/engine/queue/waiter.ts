import { LockBackendError } from '../../errors/lock-backend.error.js';
import { LockNotAcquiredError } from '../../errors/lock-not-acquired.error.js';
import {
  StoreFailure,
  type AcquireAllOutcome,
  type ContendRequest,
  type ElsewhereOutcome,
  type LockStore,
} from '../lock-store.interface.js';
import { Cancellation, type AbortListener, type StopSignal } from '../cancellation.js';
import { invariant } from '../invariant.js';
import type { Clock, Timer } from '../time/clock.js';
import type { FifoLinks } from './fifo.js';
import { failing, NO_OBSTACLE, type Obstacle } from './obstacle.js';
import type { Leases } from '../lease/lease.js';
import type { Orphan } from '../lease/orphan-sweeper.js';

export interface WaitTerms {
  readonly ttl: number;
  readonly renew: boolean;
  /** Milliseconds from when the caller asked; 0 tries once. */
  readonly wait: number;
  /** Milliseconds to go on while the store fails, at most `wait`. */
  readonly backendWait: number;
  readonly signal: StopSignal | undefined;
  readonly metadata: string | undefined;
}

/** Other keys that a caller wants at the same moment, and nothing without them. */
export interface Companions {
  /** All keys, this one first. */
  readonly keys: readonly [string, ...string[]];
  /** They are ours: makes the leases of all. `orphans`: what Redis may hold of them, once those are over. */
  takeOver(orphans: readonly Orphan[], sentAt: number): Leases;
  /** Another key is in the way. */
  onElsewhere(key: string, obstacle: Obstacle): void;
  /** Whether any of them is still held that was taken over. */
  areHeld(): boolean;
}

/** What one caller asks of one key. */
export interface WaitRequest {
  readonly key: string;
  readonly terms: WaitTerms;
  /** When the caller asked, on the monotonic clock. */
  readonly since: number;
  /** Whether a lease that served another caller serves this one as well: renewed, of one key, without metadata. */
  readonly isPlain: boolean;
  /** Where it is one of several keys that are taken at once. */
  readonly companions?: Companions;
  /** What the caller knows to be in the way. */
  readonly found?: Obstacle | undefined;
}

/** One try of the process, on behalf of a caller. */
export interface Try {
  readonly tokens: number;
  /** Of a process that gets into the queue when the key is busy; `undefined` for one that only looks. */
  readonly waits: Pick<ContendRequest, 'comesAgainIn'> | undefined;
}

export interface WaiterContext {
  readonly store: LockStore;
  readonly clock: Clock;
  /** Makes what a key shall hold: a fresh owner token with the metadata. */
  readonly newValue: (metadata: string | undefined) => string;
}

/** Decides what becomes of a waiter. */
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
  /** Whether Redis may hold the value of this caller, or get it yet, although no reply said so. */
  isOutcomeUnknown = false;

  #state: 'waiting' | 'granted' | 'gone' = 'waiting';
  #value: string | undefined;
  #timer: Timer;
  /** When the caller's patience ends, on the monotonic clock. */
  #deadline = Infinity;
  #owner: WaiterOwner | undefined;
  #listener: AbortListener | undefined;

  constructor(
    readonly request: WaitRequest,
    private readonly context: WaiterContext,
    private readonly onGrant: (leases: Leases, fencingToken: number) => void,
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
  get orphans(): readonly Orphan[] {
    const { key, companions, terms } = this.request;
    return (companions?.keys ?? [key]).map((each) => ({
      key: each,
      value: this.value,
      ttl: terms.ttl,
      mayComeYet: this.isOutcomeUnknown,
    }));
  }

  get triesOnce(): boolean {
    return this.request.terms.wait === 0;
  }

  /** Milliseconds until the caller's patience ends. */
  get patience(): number {
    return this.#deadline - this.context.clock.now();
  }

  /** Asks Redis for what the caller wants. Rejects with a `StoreFailure`. */
  ask({ tokens, waits }: Try): Promise<AcquireAllOutcome> {
    const { store } = this.context;
    const {
      key,
      companions,
      terms: { ttl },
    } = this.request;
    const { value } = this;
    if (companions !== undefined) return store.acquireAll({ keys: companions.keys, value, ttl, waits });
    return waits === undefined
      ? store.acquire({ key, value, ttl, tokens })
      : store.contend({ key, value, ttl, tokens, comesAgainIn: waits.comesAgainIn });
  }

  /** Watches the caller's patience and signal from now on. A single try that `asks` has the time of its command; one that waits for the answer to another caller has as long. */
  watch(owner: WaiterOwner, asks: boolean, obstacle: Obstacle): void {
    const { terms } = this.request;
    this.#owner = owner;
    if (terms.wait > 0) this.face(obstacle);
    else if (!asks) this.#limitTo(this.context.store.commandTimeout);
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

  /** The time for which a caller goes on depends on what is in its way. */
  face(obstacle: Obstacle): void {
    const { terms, since } = this.request;
    if (terms.wait === 0) return;
    const fails = obstacle.kind === 'failure' ? Math.max(0, obstacle.since - since) + terms.backendWait : Infinity;
    this.#limitTo(Math.min(terms.wait, fails));
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.#owner?.onAbort(this, this.request.terms.signal?.reason);
  }

  grant(leases: Leases, fencingToken: number): void {
    this.#leave('granted');
    this.onGrant(leases, fencingToken);
  }

  refuse(reason: unknown): void {
    this.#leave('gone');
    this.onRefuse(reason);
  }

  /** Another of its keys is in the way: tells it that, and returns the error for one that does not go there. */
  sendElsewhere({ key, why }: ElsewhereOutcome): Error {
    const now = this.context.clock.now();
    const obstacle: Obstacle =
      why instanceof StoreFailure ? failing(why, now, NO_OBSTACLE) : { kind: 'busy', until: now + why.remaining };
    this.request.companions?.onElsewhere(key, obstacle);
    return this.errorFor(obstacle, undefined, key);
  }

  /** The error for a caller whose time is up; `typicalHold`: milliseconds for which others held the key lately, where that is known; `key`: which one is not to be had. */
  errorFor(
    obstacle: Obstacle,
    typicalHold: number | undefined,
    key = this.request.key,
  ): LockNotAcquiredError | LockBackendError {
    const { since } = this.request;
    const now = this.context.clock.now();
    const waitedMs = Math.round(now - since);
    if (obstacle.kind === 'busy')
      return new LockNotAcquiredError({ key, waitedMs, ...outlook((obstacle.until ?? now) - now, typicalHold) });
    const why = obstacle.kind === 'failure' ? obstacle.failure.message : 'no answer yet';
    const cause = obstacle.kind === 'failure' ? (obstacle.failure.cause ?? obstacle.failure) : undefined;
    return new LockBackendError(`Lock "${key}" could not be asked for in ${waitedMs} ms: ${why}.`, { key, cause });
  }

  /** The caller's patience lasts so many milliseconds from when it asked. */
  #limitTo(patience: number): void {
    const { clock } = this.context;
    const deadline = this.request.since + patience;
    clock.clearTimer(this.#timer);
    this.#deadline = deadline;
    if (deadline === Infinity) return;
    // A reply that has come by then counts, and may have changed the deadline.
    const onTime = (): void =>
      clock.afterReads(() => (this.#deadline === deadline ? this.#owner?.onTimeout(this) : undefined));
    this.#timer = clock.setTimerAt(deadline, onTime, 'process');
  }

  #leave(state: 'granted' | 'gone'): void {
    invariant(this.#state === 'waiting', 'a caller is answered once');
    this.#state = state;
    this.context.clock.clearTimer(this.#timer);
    if (this.#listener !== undefined) this.request.terms.signal?.removeEventListener('abort', this.#listener);
    this.#owner = undefined;
  }
}

/** A lease that ended by now was renewed, or is another's: how long that lasts is not known. */
function outlook(
  left: number,
  typicalHold = Infinity,
): { leaseMs: number | undefined; retryAfterMs: number | undefined } {
  const leaseMs = left > 0 ? Math.round(left) : undefined;
  if (leaseMs === Infinity) return { leaseMs, retryAfterMs: Infinity };
  return {
    leaseMs,
    retryAfterMs: typicalHold === Infinity ? undefined : Math.round(Math.min(typicalHold, leaseMs ?? Infinity)),
  };
}
