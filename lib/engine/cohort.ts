import { COMMAND_TIMEOUT_MS } from '../redis-lock.constants.js';
import { LockClosedError } from '../errors/lock-closed.error.js';
import { LockQueueFullError } from '../errors/lock-queue-full.error.js';
import type { LockStore, StoreFailure } from '../stores/lock-store.interface.js';
import { Backoff } from './backoff.js';
import type { Clock, Timer } from './clock.js';
import { Lease, validity, type LeaseOwner } from './lease.js';
import type { Sweeper } from './sweeper.js';
import { NO_OBSTACLE, Waiter, type Obstacle, type WaiterOwner, type WaitTerms } from './waiter.js';
import { within } from './within.js';

export interface CohortContext {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sweeper: Sweeper;
  readonly maxWaiters: number;
  /** Nobody holds or waits any more: the cohort can be forgotten. */
  readonly onIdle: (cohort: Cohort) => void;
}

/**
 * All callers of this process that want one key. They stand in a FIFO; only its head contends in Redis, so a crowd costs what one caller costs.
 *
 * Source: D. Dice, V. Marathe, N. Shavit, "Lock Cohorting", PPoPP 2012.
 */
export class Cohort implements LeaseOwner, WaiterOwner {
  readonly #context: CohortContext;
  #backoff: Backoff | undefined;
  readonly #waiters = new Set<Waiter>();
  #state: 'idle' | 'trying' | 'resting' | 'held' = 'idle';
  #obstacle: Obstacle = NO_OBSTACLE;
  #lease: Lease | undefined;
  #timer: Timer;

  constructor(
    readonly key: string,
    context: CohortContext,
  ) {
    this.#context = context;
  }

  /** What this process holds of the key. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Queues for the key; `hold` makes what the caller gets of the lease. */
  join<T>(terms: WaitTerms, hold: (lease: Lease) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiter = new Waiter(this.key, terms, this.#context.clock, { grant: (lease) => resolve(hold(lease)), refuse: reject });
      const refusal = this.#refusalFor(waiter);
      if (refusal !== undefined) return this.#turnAway(waiter, refusal.reason);
      this.#waiters.add(waiter);
      if (this.#state === 'idle') this.#contend();
      // After the command was sent: time that passes on the wire anyway.
      waiter.watch(this);
    });
  }

  onTimeout(waiter: Waiter): void {
    this.#dismiss(waiter, waiter.errorFor(this.#currentObstacle()));
  }

  onAbort(waiter: Waiter, reason: unknown): void {
    this.#dismiss(waiter, reason);
  }

  onOver(lease: Lease): void {
    if (this.#lease !== lease) return;
    this.#lease = undefined;
    this.#contend();
  }

  /** Sends everyone away who waits. */
  close(): void {
    for (const waiter of [...this.#waiters]) this.#dismiss(waiter, new LockClosedError(this.key));
  }

  #refusalFor(waiter: Waiter): { readonly reason: unknown } | undefined {
    const { signal } = waiter.terms;
    if (signal?.aborted === true) return { reason: signal.reason };
    // Nobody knows yet who is in the way: the answer to the head is for all who try once.
    const isUnknown = this.#state === 'trying' && this.#obstacle.kind === 'none';
    if (this.#state === 'idle' || (isUnknown && waiter.triesOnce)) return undefined;
    if (waiter.triesOnce) return { reason: waiter.errorFor(this.#currentObstacle()) };
    const behind = this.#waiters.size - (isUnknown ? 1 : 0);
    return behind >= this.#context.maxWaiters ? { reason: new LockQueueFullError(this.key, this.#context.maxWaiters) } : undefined;
  }

  /** Refused before it stood in the queue. */
  #turnAway(waiter: Waiter, reason: unknown): void {
    waiter.refuse(reason);
    if (this.#state === 'idle') this.#context.onIdle(this);
  }

  #dismiss(waiter: Waiter, reason: unknown): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.refuse(reason);
    if (waiter.isOutcomeUnknown) this.#sweep(waiter);
    if (this.#waiters.size === 0 && this.#state === 'resting') this.#contend();
  }

  #dismissThoseWhoTryOnce(): void {
    for (const waiter of [...this.#waiters]) if (waiter.triesOnce) this.#dismiss(waiter, waiter.errorFor(this.#currentObstacle()));
  }

  /** The next waiter's turn. */
  #contend(): void {
    const { store, clock } = this.#context;
    clock.clearTimer(this.#timer);
    const [head] = this.#waiters;
    if (head === undefined) {
      this.#state = 'idle';
      return this.#context.onIdle(this);
    }
    this.#state = 'trying';
    const sentAt = clock.now();
    const { value, ttl, floor } = head.terms;
    within(clock, COMMAND_TIMEOUT_MS, store.acquire({ key: this.key, value, ttl, floor }), () => this.#onLate(head)).then(
      (outcome) => (outcome.status === 'acquired' ? this.#onAcquired(head, sentAt, outcome.fencingToken) : this.#onBusy(head, outcome.remaining)),
      (failure: StoreFailure) => this.#onFailure(head, failure),
    );
  }

  #onAcquired(head: Waiter, sentAt: number, fencingToken: number): void {
    const { store, clock } = this.#context;
    const { value, ttl, renew } = head.terms;
    if (head.state !== 'waiting') {
      this.#sweep(head);
      return this.#contend();
    }
    // A reply that took longer than the lease lasts is worth nothing; the next try finds its own value or a free key.
    if (clock.now() >= validity(sentAt, ttl)) return this.#contend();
    this.#backoff = undefined;
    this.#obstacle = NO_OBSTACLE;
    this.#state = 'held';
    const lease = new Lease(this, store, clock, { key: this.key, value, ttl, renew, fencingToken, sentAt });
    this.#lease = lease;
    this.#waiters.delete(head);
    head.grant(lease);
    this.#dismissThoseWhoTryOnce();
  }

  #onBusy(head: Waiter, remaining: number): void {
    this.#obstacle = { kind: 'busy', until: this.#context.clock.now() + remaining };
    this.#dismissThoseWhoTryOnce();
    this.#rest(remaining);
  }

  #onFailure(head: Waiter, failure: StoreFailure): void {
    this.#obstacle = { kind: 'failure', failure };
    if (failure.applied === 'unknown') {
      head.isOutcomeUnknown = true;
      if (head.state !== 'waiting') this.#sweep(head);
    }
    // What will not pass meets everyone who waits, whoever asked.
    if (failure.transient) this.#dismissThoseWhoTryOnce();
    else for (const waiter of [...this.#waiters]) this.#dismiss(waiter, waiter.errorFor(this.#obstacle));
    this.#rest(Infinity);
  }

  /** A try that was given up has come to its end, perhaps in Redis. Whoever still waits, or got in since, has the same value. */
  #onLate(head: Waiter): void {
    if (head.state === 'gone') this.#sweep(head);
  }

  /** Rests until the next try, no longer than `remaining` ms. */
  #rest(remaining: number): void {
    if (this.#waiters.size === 0) return this.#contend();
    this.#state = 'resting';
    this.#backoff ??= new Backoff(this.#context.random);
    this.#timer = this.#context.clock.setTimer(this.#backoff.next(remaining), () => this.#contend(), 'process');
  }

  #sweep({ terms }: Waiter): void {
    this.#context.sweeper.sweep(this.key, terms.value, terms.ttl);
  }

  #currentObstacle(): Obstacle {
    return this.#lease === undefined ? this.#obstacle : { kind: 'busy', until: this.#lease.validUntil };
  }
}
