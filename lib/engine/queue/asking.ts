import { invariant } from '../invariant.js';
import { validity } from '../lease/confirmations.js';
import { Lease, type LeaseOwner } from '../lease/lease.js';
import type { AcquireAllOutcome, BusyOutcome, ElsewhereOutcome, StoreFailure } from '../lock-store.interface.js';
import { tooLate, withDeadline, type WorkEnd } from '../time/deadline.js';
import type { Asked, Backoff } from './backoff.js';
import type { CohortContext } from './cohort-context.interface.js';
import { Tenure, tokensFor } from './tenure.js';
import type { Try, Waiter } from './waiter.js';
import type { WaiterQueue } from './waiter-queue.js';

/** Whose try it is: it hears whether the process stands in the queue now, if there was an answer, and then what came of the try. */
export interface AskingOwner extends LeaseOwner {
  readonly backoff: Backoff;
  /** What the process holds of the key. */
  readonly lease: Lease | undefined;
  onAnswer(isQueued: boolean): void;
  /** The process has the key, and the caller that asked still wants it. `now`: on the monotonic clock. */
  onAcquired(asking: Asking, fencingToken: number, now: number): void;
  /** The process was given the key for a caller that has gone, and it is on its way back: another caller may ask. */
  goOn(): void;
  onBusy(asking: Asking, outcome: BusyOutcome): void;
  /** Another of the keys that the caller wants is in the way. */
  onElsewhere(asking: Asking, outcome: ElsewhereOutcome): void;
  onFailure(asking: Asking, failure: StoreFailure): void;
}

/** The phase of a cohort in which a command of its head is under way that may give this process the key. */
export class Asking implements Asked, WorkEnd<AcquireAllOutcome> {
  readonly name = 'asking';
  readonly head: Waiter;
  /** On the monotonic clock. */
  readonly sentAt: number;
  wasWoken = false;

  readonly #context: CohortContext;
  readonly #owner: AskingOwner;
  readonly #try: Try;
  /** What Redis is asked to put into the key. */
  readonly #value: string;

  constructor(context: CohortContext, owner: AskingOwner, head: Waiter, { obstacle, size }: WaiterQueue) {
    const { clock, wakeUps, quantum } = context;
    this.#context = context;
    this.#owner = owner;
    this.head = head;
    this.sentAt = clock.now();
    this.#value = head.value;
    const tokens = head.request.isPlain ? tokensFor(quantum, size) : 1;
    // A process that found it busy gets into the queue: to be woken, or for the moment when it comes again.
    const queues = obstacle.kind === 'busy' && !head.triesOnce;
    const comesAgainIn =
      queues && !wakeUps.arrive ? owner.backoff.pollFor((obstacle.until ?? Infinity) - this.sentAt) : undefined;
    this.#try = { tokens, waits: queues ? { comesAgainIn } : undefined };
  }

  get isWakeable(): boolean {
    return this.#try.waits !== undefined && this.comesAgainIn === undefined;
  }

  get comesAgainIn(): number | undefined {
    return this.#try.waits?.comesAgainIn;
  }

  send(): void {
    const { store, clock } = this.#context;
    withDeadline(clock, store.commandTimeout, this.head.ask(this.#try), this);
  }

  /** What the process has of the key once it was acquired. */
  tenure(fencingToken: number, now: number): Tenure {
    const { store, clock } = this.#context;
    const { sentAt } = this;
    const { request, value, isOutcomeUnknown } = this.head;
    const { key, isPlain } = request;
    const { ttl, renew } = request.terms;
    invariant(value === this.#value, 'the value of a caller is the same for all of its tries');
    const lease = new Lease(this.#owner, store, clock, { key, value, ttl, renew, isPlain, sentAt });
    return new Tenure(
      this.#context,
      lease,
      { fencingToken, tokens: this.#try.tokens, mayComeYet: isOutcomeUnknown },
      now,
    );
  }

  onDone(outcome: AcquireAllOutcome): void {
    const { head } = this;
    if (outcome.isResent === true) this.#expectLate();
    if (outcome.status === 'elsewhere') return this.#owner.onElsewhere(this, outcome);
    this.#owner.onAnswer(outcome.status === 'busy' && this.#try.waits !== undefined);
    if (outcome.status === 'busy') return this.#owner.onBusy(this, outcome);
    if (head.state !== 'waiting') {
      this.#context.sweeper.sweepAll(head.orphans);
      return this.#owner.goOn();
    }
    // A reply that took longer than the lease lasts is worth nothing; the next try finds its own value or a free key.
    const now = this.#context.clock.now();
    if (now >= validity(this.sentAt, head.request.terms.ttl))
      return this.onFailed(tooLate('Redis took longer to answer than the lease lasts'));
    this.#owner.onAcquired(this, outcome.fencingToken, now);
  }

  onFailed(failure: StoreFailure): void {
    if (failure.applied === 'unknown') this.#expectLate();
    this.#owner.onFailure(this, failure);
  }

  /** The command was given up, and has come to its end, perhaps in Redis. A caller that still waits, or has the key by now, has the same value. */
  onLate(): void {
    const { state, value, orphans, request } = this.head;
    const hasIt = this.#owner.lease?.value === value || request.companions?.areHeld() === true;
    if (state !== 'waiting' && !hasIt) this.#context.sweeper.sweepAll(orphans);
  }

  /** A command of the head may come to Redis yet. */
  #expectLate(): void {
    this.head.isOutcomeUnknown = true;
    if (this.head.state !== 'waiting') this.#context.sweeper.sweepAll(this.head.orphans);
  }
}
