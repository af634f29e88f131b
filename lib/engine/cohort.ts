import { COMMAND_TIMEOUT_MS } from '../redis-lock.constants.js';
import { LockClosedError } from '../errors/lock-closed.error.js';
import { LockQueueFullError } from '../errors/lock-queue-full.error.js';
import { StoreFailure, type BusyOutcome } from '../stores/lock-store.interface.js';
import { afterExpiry, Backoff } from './backoff.js';
import type { Timer } from './clock.js';
import type { CohortContext } from './cohort-context.interface.js';
import { Fifo } from './fifo.js';
import { Lease, validity, type LeaseOwner } from './lease.js';
import { Tenure, tokensFor } from './tenure.js';
import { NO_OBSTACLE, Waiter, type Obstacle, type WaiterOwner, type WaitRequest } from './waiter.js';
import type { Sleeper } from './wake-ups.js';
import { giveTime } from './give-time.js';

/**
 * All callers of this process that want one key. They stand in a FIFO; only its head contends in Redis, so a crowd costs what one caller costs,
 * and the lease passes from caller to caller without a command.
 *
 * Source: D. Dice, V. Marathe, N. Shavit, "Lock Cohorting", PPoPP 2012.
 */
export class Cohort implements LeaseOwner, WaiterOwner, Sleeper {
  readonly #context: CohortContext;
  readonly #waiters = new Fifo<Waiter>();
  /** `asking`: a command is under way that may give us the key; `resting`: until the timer or a wake-up. */
  #state: 'idle' | 'asking' | 'resting' | 'held' = 'idle';
  #obstacle: Obstacle = NO_OBSTACLE;
  #backoff: Backoff | undefined;
  #timer: Timer;
  /** Whether our process stands in the queue in Redis. */
  #isQueued = false;
  /** Whether a wake-up came while a command was under way that may have been answered before. */
  #wasWoken = false;
  #tenure: Tenure | undefined;

  constructor(
    readonly key: string,
    context: CohortContext,
  ) {
    this.#context = context;
  }

  /** What this process holds of the key. */
  get lease(): Lease | undefined {
    return this.#tenure?.lease;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Queues for the key; `hold` makes what the caller gets of the lease and its fencing token. */
  join<T>(request: WaitRequest, hold: (lease: Lease, fencingToken: number) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const grant = (lease: Lease, fencingToken: number): void => resolve(hold(lease, fencingToken));
      const waiter = new Waiter(request, this.#context, grant, reject);
      const refusal = this.#refusalFor(waiter);
      if (refusal !== undefined) return this.#turnAway(waiter, refusal.reason);
      this.#waiters.add(waiter);
      const asks = this.#state === 'idle';
      if (asks) this.#contend();
      // After the command was sent: time that passes on the wire anyway.
      waiter.watch(this, asks);
    });
  }

  onTimeout(waiter: Waiter): void {
    this.#dismiss(waiter, waiter.errorFor(this.#currentObstacle()));
  }

  onAbort(waiter: Waiter, reason: unknown): void {
    this.#dismiss(waiter, reason);
  }

  wake(): void {
    if (this.#state === 'resting') this.#contend();
    else if (this.#state === 'asking') this.#wasWoken = true;
  }

  onWakeUpsChanged(): void {
    if (!this.#context.wakeUps.arrive) this.#isQueued = false;
    if (this.#state === 'resting') this.#contend();
  }

  /** From caller to caller without a command, as long as the quantum lasts; then Redis is asked whether another process waits. */
  onReturn(lease: Lease): boolean {
    const next = this.#waiters.first;
    const tenure = this.#tenure;
    if (next === undefined || tenure?.lease !== lease || !tenure.suits(next)) return false;
    if (!tenure.takeHandOver()) {
      this.#relay(tenure);
      return true;
    }
    this.#grant(next, tenure);
    if (tenure.isHalfway) this.#askAhead(tenure);
    return true;
  }

  onOver(lease: Lease): void {
    if (this.#tenure?.lease !== lease) return;
    this.#tenure = undefined;
    this.#contend();
  }

  /** Sends everyone away who waits. */
  close(): void {
    for (const waiter of this.#waiters.toArray()) this.#dismiss(waiter, new LockClosedError(this.key));
  }

  #refusalFor(waiter: Waiter): { readonly reason: unknown } | undefined {
    const { signal } = waiter.request.terms;
    if (signal?.aborted === true) return { reason: signal.reason };
    // Nobody knows yet who is in the way: the answer to the head is for all who try once.
    const isUnknown = this.#state === 'asking' && this.#obstacle.kind === 'none' && this.#tenure === undefined;
    if (this.#state === 'idle' || (isUnknown && waiter.triesOnce)) return undefined;
    if (waiter.triesOnce) return { reason: waiter.errorFor(this.#currentObstacle()) };
    const behind = this.#waiters.size - (isUnknown ? 1 : 0);
    return behind >= this.#context.maxWaiters ? { reason: new LockQueueFullError(this.key, this.#context.maxWaiters) } : undefined;
  }

  /** Refused before it stood in the queue. */
  #turnAway(waiter: Waiter, reason: unknown): void {
    waiter.refuse(reason);
    if (this.#state === 'idle') this.#context.onIdle(this.key);
  }

  #dismiss(waiter: Waiter, reason: unknown): void {
    if (waiter.state !== 'waiting') return;
    this.#waiters.remove(waiter);
    waiter.refuse(reason);
    if (waiter.isOutcomeUnknown) this.#sweep(waiter);
    if (this.#waiters.size === 0 && this.#state === 'resting') this.#contend();
  }

  #dismissThoseWhoTryOnce(): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters.toArray()) if (waiter.triesOnce) this.#dismiss(waiter, waiter.errorFor(this.#currentObstacle()));
  }

  /** The next waiter's turn. */
  #contend(): void {
    const { store, clock, wakeUps, quantum } = this.#context;
    clock.clearTimer(this.#timer);
    const head = this.#waiters.first;
    if (head === undefined) return this.#retire();
    this.#state = 'asking';
    this.#wasWoken = false;
    const sentAt = clock.now();
    const { isPlain, terms } = head.request;
    const tokens = isPlain ? tokensFor(quantum, this.#waiters.size) : 1;
    const request = { key: this.key, value: head.value, ttl: terms.ttl, tokens };
    // Whoever found it busy gets into the queue, if somebody can wake us there.
    const queues = this.#obstacle.kind === 'busy' && wakeUps.arrive && !head.triesOnce;
    giveTime(clock, COMMAND_TIMEOUT_MS, queues ? store.contend(request) : store.acquire(request), {
      onDone: (outcome) => {
        if (outcome.status === 'acquired') this.#onAcquired(head, sentAt, outcome.fencingToken, tokens);
        else this.#onBusy(outcome, queues);
      },
      onFailed: (failure) => this.#onFailure(head, failure),
      onLate: () => this.#onLate(head),
    });
  }

  #onAcquired(head: Waiter, sentAt: number, fencingToken: number, tokens: number): void {
    const { store, clock } = this.#context;
    const { isPlain, terms } = head.request;
    const { ttl, renew } = terms;
    this.#isQueued = false;
    if (head.state !== 'waiting') {
      this.#sweep(head);
      return this.#contend();
    }
    // A reply that took longer than the lease lasts is worth nothing; the next try finds its own value or a free key.
    if (clock.now() >= validity(sentAt, ttl)) return this.#onTooLate(head);
    this.#backoff = undefined;
    this.#obstacle = NO_OBSTACLE;
    const lease = new Lease(this, store, clock, { key: this.key, value: head.value, ttl, renew, isPlain, sentAt });
    this.#tenure = new Tenure(this.#context, lease, fencingToken, tokens);
    this.#grant(head, this.#tenure);
    this.#dismissThoseWhoTryOnce();
  }

  #onTooLate(head: Waiter): void {
    head.isOutcomeUnknown = true;
    const failure = new StoreFailure('Redis took longer to answer than the lease lasts', { transient: true, applied: 'unknown' });
    this.#obstacle = { kind: 'failure', failure };
    this.#dismissThoseWhoTryOnce();
    this.#contend();
  }

  #grant(waiter: Waiter, tenure: Tenure): void {
    this.#state = 'held';
    this.#waiters.remove(waiter);
    waiter.grant(tenure.lease, tenure.takeToken());
  }

  /** Half of the quantum is left: if nobody else waits, it starts anew before it is over. A failure shows again when it is over. */
  #askAhead(tenure: Tenure): void {
    tenure.ask(true).then(
      (status) => {
        if (status === 'expired' || status === 'stolen') tenure.lease.lose(status);
      },
      () => undefined,
    );
  }

  /** The quantum is over: lets another process in, if one waits. */
  #relay(tenure: Tenure): void {
    const { clock, wakeUps } = this.#context;
    wakeUps.open();
    this.#state = 'asking';
    this.#wasWoken = false;
    const queues = wakeUps.arrive;
    giveTime(clock, COMMAND_TIMEOUT_MS, tenure.ask(false), {
      onDone: (status) => (status === 'kept' ? this.#onKept(tenure) : this.#onGone(tenure, status === 'passed', queues)),
      onFailed: (failure) => {
        this.#sweepLease(tenure);
        // Lost meanwhile: the next waiter has asked for the key already, and must not ask twice at a time.
        if (tenure !== this.#tenure) return;
        this.#abandon(tenure);
        this.#obstacle = { kind: 'failure', failure };
        this.#rest(Infinity, false);
      },
      onLate: () => this.#sweepLease(tenure),
    });
  }

  #onKept(tenure: Tenure): void {
    // Lost meanwhile, or forced away: what Redis gave is for nobody.
    if (tenure !== this.#tenure) return this.#sweepLease(tenure);
    const next = this.#waiters.first;
    if (next !== undefined && tenure.lease.isHeld && tenure.suits(next)) return this.#grant(next, tenure);
    tenure.lease.giveBack(0).catch(() => this.#sweepLease(tenure));
  }

  #onGone(tenure: Tenure, isPassed: boolean, isQueued: boolean): void {
    if (tenure !== this.#tenure) return;
    this.#abandon(tenure);
    if (!isPassed) return this.#contend();
    const { arrive } = this.#context.wakeUps;
    this.#isQueued = isQueued && arrive;
    this.#obstacle = { kind: 'busy', until: undefined };
    // The inbox may have been opened meanwhile.
    if (this.#wasWoken || (arrive && !isQueued)) return this.#contend();
    this.#rest(tenure.lease.ttl, true);
  }

  #abandon(tenure: Tenure): void {
    tenure.lease.drop();
    if (tenure === this.#tenure) this.#tenure = undefined;
  }

  #onBusy({ remaining, wakes }: BusyOutcome, isQueued: boolean): void {
    const { clock, wakeUps } = this.#context;
    this.#isQueued = isQueued && wakeUps.arrive;
    this.#obstacle = { kind: 'busy', until: clock.now() + remaining };
    this.#dismissThoseWhoTryOnce();
    // A wake-up may overtake the reply to the command that it belongs to; and whoever can be woken gets into the queue first.
    if (this.#wasWoken || (wakeUps.arrive && !isQueued)) return this.#contend();
    wakeUps.open();
    this.#rest(remaining, wakes);
  }

  #onFailure(head: Waiter, failure: StoreFailure): void {
    this.#obstacle = { kind: 'failure', failure };
    if (failure.applied === 'unknown') {
      head.isOutcomeUnknown = true;
      if (head.state !== 'waiting') this.#sweep(head);
    }
    // What will not pass meets everyone who waits, whoever asked.
    if (failure.transient) this.#dismissThoseWhoTryOnce();
    else for (const waiter of this.#waiters.toArray()) this.#dismiss(waiter, waiter.errorFor(this.#obstacle));
    this.#rest(Infinity, false);
  }

  /** A try that was given up has come to its end, perhaps in Redis. Whoever still waits, or got in since, has the same value. */
  #onLate(head: Waiter): void {
    if (head.state === 'gone') this.#sweep(head);
  }

  /** Rests until a wake-up (if the holder `wakes` us) or, at the latest, the next try. `remaining`: ms until the lease in the way ends. */
  #rest(remaining: number, wakes: boolean): void {
    const { clock, random } = this.#context;
    if (this.#waiters.size === 0) return this.#contend();
    this.#state = 'resting';
    this.#backoff ??= new Backoff(random);
    const delay = this.#isQueued && wakes ? afterExpiry(remaining, random) : this.#backoff.next(remaining);
    this.#timer = clock.setTimer(delay, () => this.#contend(), 'process');
  }

  /** Nobody is left. */
  #retire(): void {
    const { store, onIdle } = this.#context;
    this.#state = 'idle';
    // Left undone, it costs the others one reservation that nobody takes.
    if (this.#isQueued) store.leave(this.key).catch(() => undefined);
    this.#isQueued = false;
    onIdle(this.key);
  }

  #sweep({ value, request }: Waiter): void {
    this.#context.sweeper.sweep(this.key, value, request.terms.ttl);
  }

  #sweepLease({ lease }: Tenure): void {
    this.#context.sweeper.sweep(this.key, lease.value, lease.ttl);
  }

  #currentObstacle(): Obstacle {
    const lease = this.lease;
    return lease === undefined ? this.#obstacle : { kind: 'busy', until: lease.validUntil };
  }
}
