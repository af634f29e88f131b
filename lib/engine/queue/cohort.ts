import { LockClosedError } from '../../errors/lock-closed.error.js';
import { LockQueueFullError } from '../../errors/lock-queue-full.error.js';
import type { BusyOutcome, ElsewhereOutcome, RelayOutcome, StoreFailure } from '../lock-store.interface.js';
import { Backoff, type Asked } from './backoff.js';
import type { Timer } from '../time/clock.js';
import type { CohortContext } from './cohort-context.interface.js';
import { Lease, validity, type LeaseOwner, type Leases } from '../lease/lease.js';
import { Opening, OPENING_MS } from './opening.js';
import { Tenure, tokensFor } from './tenure.js';
import { failing, NO_OBSTACLE, Waiter, type WaiterOwner, type WaitRequest } from './waiter.js';
import { WaiterQueue } from './waiter-queue.js';
import type { Sleeper } from './wake-ups.js';
import { giveTime, tooLate } from '../time/deadline.js';

/**
 * All callers of this process that want one key. They stand in a FIFO; only its head contends in Redis, so a crowd costs what one caller costs,
 * and the lease passes from caller to caller without a command.
 *
 * Source: D. Dice, V. Marathe, N. Shavit, "Lock Cohorting", PPoPP 2012.
 */
export class Cohort implements LeaseOwner, WaiterOwner, Sleeper {
  readonly #context: CohortContext;
  readonly #waiters = new WaiterQueue();
  /** `asking`: a command is under way that may give us the key; `resting`: until the timer or a wake-up. */
  #state: 'idle' | 'asking' | 'resting' | 'held' = 'idle';
  /** Since the key was ours. */
  #rests: Backoff | undefined;
  #opening: Opening | undefined;
  #timer: Timer;
  /** Whether our process stands in the queue in Redis. */
  #isQueued = false;
  /** Whether a wake-up came, or may have been lost, while a command was under way that may have been answered before. */
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
  join<T>(request: WaitRequest, hold: (leases: Leases, fencingToken: number) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiter = new Waiter(
        request,
        this.#context,
        (leases, fencingToken) => resolve(hold(leases, fencingToken)),
        reject,
      );
      const refusal = this.#refusalFor(waiter);
      if (refusal !== undefined) {
        waiter.refuse(refusal.reason);
        return this.#state === 'idle' ? this.#context.onIdle(this.key) : undefined;
      }
      this.#waiters.add(waiter);
      const asks = this.#state === 'idle';
      if (asks) this.#contend();
      // After the command was sent: time that passes on the wire anyway.
      waiter.watch(this, asks, this.#waiters.obstacle);
    });
  }

  onTimeout(waiter: Waiter): void {
    this.#dismiss(waiter, this.#waiters.errorFor(waiter, this.lease));
  }

  onAbort(waiter: Waiter, reason: unknown): void {
    this.#dismiss(waiter, reason);
  }

  wake(): void {
    if (this.#state === 'resting') this.#contend();
    else if (this.#state === 'asking') this.#wasWoken = true;
  }

  /** From caller to caller without a command, as long as the quantum lasts; then Redis is asked whether another process waits. */
  onReturn(lease: Lease, now: number): boolean {
    const next = this.#waiters.first;
    const tenure = this.#tenure;
    if (next === undefined || tenure?.lease !== lease) return false;
    this.#waiters.holdEnds(now);
    if (!tenure.suits(next)) return false;
    const opening = (this.#opening ??= new Opening(this.#context.clock));
    if (!tenure.takeHandOver(now)) {
      this.#relay(tenure, opening);
      return true;
    }
    this.#grant(next, tenure, now);
    tenure.askAhead(opening);
    return true;
  }

  onOver(lease: Lease): void {
    const tenure = this.#tenure;
    if (tenure?.lease !== lease) return;
    this.#forget(tenure);
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
    const isUnknown = this.#state === 'asking' && this.#waiters.obstacle.kind === 'none' && this.#tenure === undefined;
    if (this.#state === 'idle' || (isUnknown && waiter.triesOnce)) return undefined;
    if (waiter.triesOnce) return { reason: this.#waiters.errorFor(waiter, this.lease) };
    const behind = this.#waiters.size - (isUnknown ? 1 : 0);
    return behind >= this.#context.maxWaiters
      ? { reason: new LockQueueFullError(this.key, this.#context.maxWaiters) }
      : undefined;
  }

  #dismiss(waiter: Waiter, reason: unknown): void {
    if (waiter.state !== 'waiting') return;
    this.#waiters.refuse(waiter, reason);
    if (waiter.isOutcomeUnknown) this.#sweep(waiter);
    if (this.#waiters.size === 0 && this.#state === 'resting') this.#contend();
  }

  #dismissThoseWhoTryOnce(): void {
    for (const waiter of this.#waiters.thatTryOnce()) this.onTimeout(waiter);
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
    const tokens = head.request.isPlain ? tokensFor(quantum, this.#waiters.size) : 1;
    // A process that found it busy gets into the queue: to be woken, or for the moment when it comes again.
    const { obstacle } = this.#waiters;
    const queues = obstacle.kind === 'busy' && !head.triesOnce;
    const comesAgainIn =
      queues && !wakeUps.arrive ? this.#backoff().pollFor((obstacle.until ?? Infinity) - sentAt) : undefined;
    giveTime(clock, store.commandTimeout, head.ask({ tokens, waits: queues ? { comesAgainIn } : undefined }), {
      onDone: (outcome) => {
        if (outcome.isResent === true) this.#expectLate(head);
        if (outcome.status === 'acquired') return this.#onAcquired(head, sentAt, outcome.fencingToken, tokens);
        if (outcome.status === 'elsewhere') return this.#onElsewhere(head, outcome);
        this.#isQueued = queues;
        this.#waiters.meet({ kind: 'busy', until: clock.now() + outcome.remaining });
        this.#dismissThoseWhoTryOnce();
        this.#restWhileBusy(outcome, { isWakeable: queues && comesAgainIn === undefined, comesAgainIn });
      },
      onFailed: (failure) => this.#onFailure(head, failure, sentAt),
      onLate: () => this.#onLate(head),
    });
  }

  #onAcquired(head: Waiter, sentAt: number, fencingToken: number, tokens: number): void {
    const { store, clock } = this.#context;
    const {
      isPlain,
      terms: { ttl, renew },
      companions,
    } = head.request;
    this.#isQueued = false;
    if (head.state !== 'waiting') {
      this.#sweep(head);
      return this.#contend();
    }
    // A reply that took longer than the lease lasts is worth nothing; the next try finds its own value or a free key.
    const now = clock.now();
    if (now >= validity(sentAt, ttl))
      return this.#onFailure(head, tooLate('Redis took longer to answer than the lease lasts'), sentAt);
    this.#rests = undefined;
    if (companions !== undefined) return this.#letSetIn(head, companions.takeOver(head.orphans, sentAt), fencingToken);
    this.#waiters.meet(NO_OBSTACLE);
    const lease = new Lease(this, store, clock, { key: this.key, value: head.value, ttl, renew, isPlain, sentAt });
    this.#tenure = new Tenure(this.#context, lease, { fencingToken, tokens, mayComeYet: head.isOutcomeUnknown }, now);
    this.#grant(head, this.#tenure, sentAt);
    this.#dismissThoseWhoTryOnce();
  }

  #grant(waiter: Waiter, tenure: Tenure, now: number): void {
    this.#state = 'held';
    this.#waiters.holdBegins(now);
    this.#waiters.grant(waiter, [tenure.lease], tenure.takeToken());
  }

  /** A caller of ours has the key among others: here it is as if another process had it. */
  #letSetIn(head: Waiter, leases: Leases, fencingToken: number): void {
    this.#waiters.meet({ kind: 'busy', until: leases[0].validUntil });
    this.#waiters.grant(head, leases, fencingToken);
    this.#dismissThoseWhoTryOnce();
    this.#contend();
  }

  /** Our turn is of no use to the head, which goes to where the other key is: whoever comes next here has it. */
  #onElsewhere(head: Waiter, outcome: ElsewhereOutcome): void {
    this.#dismiss(head, head.sendElsewhere(outcome));
    this.#waiters.meet(this.#isQueued ? { kind: 'busy', until: undefined } : NO_OBSTACLE);
    this.#contend();
  }

  /** The quantum is over: lets another process in, if one waits, or from time to time whatever program comes. */
  #relay(tenure: Tenure, opening: Opening): void {
    const { store, clock, wakeUps } = this.#context;
    wakeUps.open();
    this.#state = 'asking';
    this.#wasWoken = false;
    const isWakeable = wakeUps.arrive;
    giveTime(clock, store.commandTimeout, tenure.ask(opening.isDue ? 'open' : 'free'), {
      onDone: (status) => {
        if (status === 'opened') opening.onOpened();
        if (status === 'kept') this.#onKept(tenure);
        else this.#onGone(tenure, status, isWakeable);
      },
      onFailed: (failure) => {
        this.#sweep(tenure);
        // Lost meanwhile: the next waiter has asked for the key already, and must not ask twice at a time.
        if (tenure !== this.#tenure) return;
        this.#abandon(tenure);
        this.#waiters.meet(failing(failure, clock.now(), this.#waiters.obstacle));
        this.#onTrouble();
      },
      onLate: () => this.#sweep(tenure),
    });
  }

  #onKept(tenure: Tenure): void {
    // Lost meanwhile, or forced away: what Redis gave is for nobody.
    if (tenure !== this.#tenure) return this.#sweep(tenure);
    const next = this.#waiters.first;
    if (next !== undefined && tenure.lease.isHeld && tenure.suits(next))
      return this.#grant(next, tenure, this.#context.clock.now());
    this.#context.giveBacks.start(tenure.lease, 0);
  }

  #onGone(tenure: Tenure, status: RelayOutcome['status'], isWakeable: boolean): void {
    if (tenure !== this.#tenure) return;
    this.#abandon(tenure);
    if (status === 'expired' || status === 'stolen') return this.#contend();
    this.#isQueued = isWakeable;
    this.#waiters.meet({ kind: 'busy', until: undefined });
    if (status === 'opened') return this.#rest(OPENING_MS);
    this.#restWhileBusy({ status: 'busy', remaining: Infinity, wakes: true }, { isWakeable, comesAgainIn: undefined });
  }

  #abandon(tenure: Tenure): void {
    tenure.lease.drop();
    if (tenure === this.#tenure) this.#forget(tenure);
  }

  #forget({ orphans }: Tenure): void {
    this.#tenure = undefined;
    this.#waiters.leaseEnds(this.#context.clock);
    for (const orphan of orphans) if (orphan.mayComeYet) this.#context.sweeper.revisit(orphan);
  }

  #restWhileBusy({ remaining, wakes }: BusyOutcome, { isWakeable, comesAgainIn }: Asked): void {
    const { wakeUps } = this.#context;
    if (this.#waiters.size === 0) return this.#contend();
    // A wake-up may overtake the reply to the command that it belongs to; and a process that can be woken gets into the queue first.
    if (this.#wasWoken || (wakeUps.arrive && !isWakeable)) return this.#contend();
    wakeUps.open();
    // Whoever has said when it comes is there then, not sooner: its turn is kept for that moment.
    this.#rest(
      isWakeable && wakes ? this.#backoff().rest(remaining) : (comesAgainIn ?? this.#backoff().pollFor(remaining)),
    );
  }

  #onFailure(head: Waiter, failure: StoreFailure, sentAt: number): void {
    this.#waiters.meet(failing(failure, sentAt, this.#waiters.obstacle));
    if (failure.applied === 'unknown') this.#expectLate(head);
    // What will not pass meets everyone who waits, whoever asked.
    if (failure.transient) this.#dismissThoseWhoTryOnce();
    else for (const waiter of this.#waiters.toArray()) this.onTimeout(waiter);
    this.#onTrouble();
  }

  /** A command of it may come to Redis yet. */
  #expectLate(head: Waiter): void {
    head.isOutcomeUnknown = true;
    if (head.state !== 'waiting') this.#sweep(head);
  }

  /** Redis could not be asked. */
  #onTrouble(): void {
    if (this.#wasWoken) return this.#contend();
    this.#rest(this.#backoff().whileBroken(this.#waiters.first?.patience ?? Infinity));
  }

  /** A try that was given up has come to its end, perhaps in Redis. A caller that still waits, or has the key by now, has the same value. */
  #onLate(head: Waiter): void {
    if (head.state !== 'waiting' && this.lease?.value !== head.value) this.#sweep(head);
  }

  #backoff(): Backoff {
    return (this.#rests ??= new Backoff(this.#context.random));
  }

  /** Rests until a wake-up or, at the latest, for so many milliseconds. */
  #rest(ms: number): void {
    if (this.#waiters.size === 0) return this.#contend();
    this.#state = 'resting';
    this.#timer = this.#context.clock.setTimer(ms, () => this.#contend(), 'process');
  }

  /** Nobody is left. */
  #retire(): void {
    this.#state = 'idle';
    if (this.#isQueued) this.#context.giveBacks.leave(this.key);
    this.#isQueued = false;
    this.#context.onIdle(this.key);
  }

  /** What Redis may hold for one of ours is for nobody. */
  #sweep({ orphans }: Waiter | Tenure): void {
    for (const orphan of orphans) this.#context.sweeper.sweep(orphan);
  }
}
