import type { LockStore, RenewOutcome } from '../lock-store.interface.js';
import type { ReleaseOutcome } from '../../interfaces/lock.interface.js';
import type { LockLostReason } from '../../errors/lock-lost.error.js';
import type { Clock, Timer } from '../time/clock.js';
import { invariant } from '../invariant.js';
import { asStoreFailure } from '../time/deadline.js';
import { Confirmations, type Renewal } from './confirmations.js';

/** Renewing at thirds leaves two more chances after a failed one. */
const RENEWALS_PER_TTL = 3;
/** After a renewal that failed outright the next one comes sooner, but never in a hot loop. */
const RETRIES_PER_TTL = 12;
const MIN_RETRY_MS = 10;

/** How long the next process has the key, once it has its turn: a quantum and the way there. A process that polls and comes meanwhile would come in vain, and again later and later. */
const NEXT_TURN_MS = 30;

export interface LeaseTerms {
  readonly key: string;
  readonly value: string;
  readonly ttl: number;
  readonly renew: boolean;
  /** Whether it may serve one caller after another. */
  readonly isPlain: boolean;
  /** When the command that acquired it was sent, on the monotonic clock. */
  readonly sentAt: number;
}

/** What one caller has: one of each of its keys. */
export type Leases = readonly [Lease, ...Lease[]];

/** Is told of the loss, once, if the lease is lost while it is held. */
export interface LeaseHolder {
  onLost(reason: LockLostReason, cause?: unknown): void;
}

/** Whose lease it is, while one holder after another has it. */
export interface LeaseOwner {
  /** The holder is done. `true`: the owner keeps the lease for another; `false`: it is to be given back. */
  onReturn(lease: Lease, now: number): boolean;
  /** Told once, unless the owner itself has ended it: the lease claims its key no longer, given back or lost. */
  onOver(lease: Lease): void;
}

/**
 * What this process has in Redis: one key with a value of its own, kept alive by renewals, and the local deadline after which that is not sure any more.
 *
 * It is held, until it is lost or has ended; one that is lost may be given back all the same, and ends then.
 */
export class Lease {
  readonly key: string;
  readonly value: string;

  holder: LeaseHolder | undefined;

  readonly #owner: LeaseOwner;
  readonly #store: LockStore;
  readonly #clock: Clock;
  #state: 'held' | 'lost' | 'ended' = 'held';
  #ttl: number;
  #renew: boolean;
  #isPlain: boolean;
  #timer: Timer;
  readonly #startedAt: number;
  readonly #confirmations: Confirmations;
  /** Why the last renewal failed. */
  #trouble: unknown;

  constructor(owner: LeaseOwner, store: LockStore, clock: Clock, terms: LeaseTerms) {
    this.#owner = owner;
    this.key = terms.key;
    this.value = terms.value;
    this.#store = store;
    this.#clock = clock;
    this.#ttl = terms.ttl;
    this.#renew = terms.renew;
    this.#isPlain = terms.isPlain;
    this.#startedAt = terms.sentAt;
    this.#confirmations = new Confirmations(terms.sentAt, terms.ttl);
    this.#arm(terms.sentAt + terms.ttl / RENEWALS_PER_TTL);
  }

  /** On the monotonic clock. */
  get validUntil(): number {
    return this.#confirmations.validUntil;
  }

  /** Whether it may serve one caller after another. */
  get isPlain(): boolean {
    return this.#isPlain && this.#renew;
  }

  get ttl(): number {
    return this.#ttl;
  }

  /** Whether this process surely has the key still. Notices a deadline that passed while the event loop was blocked. */
  get isHeld(): boolean {
    return this.isHeldAt(this.#clock.now());
  }

  /** As `isHeld`, for a caller that knows the time: a look at the clock is a good part of what a hand-over costs. */
  isHeldAt(now: number): boolean {
    if (this.#state === 'held' && now >= this.validUntil) this.#expire();
    return this.#state === 'held';
  }

  /** Lets the lease last `ttl` from now; later renewals use the same length. Rejects with a `StoreFailure`. */
  async extend(ttl: number): Promise<void> {
    const shortens = ttl < this.#ttl;
    this.#ttl = ttl;
    const confirmed = this.#send(shortens);
    this.#armRenewal();
    await confirmed;
  }

  /** Makes the next fencing token of the key exceed `floor`, and renews the lease. Rejects with a `StoreFailure`. */
  async raiseFence(floor: number): Promise<void> {
    this.#isPlain = false;
    await this.#confirm(false, () => this.#store.raiseFence(this.key, this.value, this.#ttl, floor));
  }

  /** From here on the lease ends by itself. */
  stopRenewal(): void {
    this.#renew = false;
    if (this.#state === 'held') this.#arm(this.validUntil);
  }

  /** How many commands it has sent. */
  get sent(): number {
    return this.#confirmations.sent;
  }

  /** It was confirmed by a command sent at `sentAt`, when it had sent `sent` of its own. What it sent since may have made it shorter, or longer. */
  confirm(sentAt: number, sent: number): void {
    if (!this.isHeld || sent !== this.sent) return;
    this.#believe({ turn: sent, sentAt, ttl: this.#ttl });
  }

  /** The holder is done: offers the lease to the owner. `true`: the owner keeps it for another caller; `false`: it is to be given back. */
  offer(now: number): boolean {
    return this.isHeldAt(now) && this.#owner.onReturn(this, now);
  }

  /** It is over against the will of this process: another has the key, or may have it, or is to have it. The holder is told, and Redis is not. */
  lose(reason: LockLostReason, cause?: unknown): void {
    if (this.#state !== 'held') return;
    this.#leave('lost');
    this.holder?.onLost(reason, cause);
    this.#owner.onOver(this);
  }

  /** It is over by the owner's will, and Redis knows already. */
  end(): void {
    this.#leave('ended');
  }

  /** It is over by the holder's will, or was lost: gives the key back, if it still has its value. Rejects with a `StoreFailure`. */
  giveBack(keepFor: number): Promise<ReleaseOutcome> {
    const wasHeld = this.#state === 'held';
    this.#leave('ended');
    const heldFor = Math.max(NEXT_TURN_MS, Math.floor(this.#clock.now() - this.#startedAt));
    const outcome = this.#store.release(this.key, this.value, keepFor, heldFor);
    // The next contender's command follows this one on the same connection: it need not wait for the reply.
    if (wasHeld) this.#owner.onOver(this);
    return outcome;
  }

  #leave(state: 'lost' | 'ended'): void {
    invariant(this.#state !== 'ended', 'a lease is given back, or passed on, once');
    this.#state = state;
    this.#clock.clearTimer(this.#timer);
  }

  /** At a third, or sooner when less is left, so that there is another chance after the next one; never in a hot loop. */
  #armRenewal(): void {
    const length = this.#confirmations.shortest(this.#ttl);
    const delay = Math.min(this.#ttl / RENEWALS_PER_TTL, (this.validUntil - this.#clock.now()) / 2);
    this.#arm(this.#clock.now() + Math.max(delay, length / RETRIES_PER_TTL, MIN_RETRY_MS));
  }

  #arm(renewAt: number): void {
    this.#clock.clearTimer(this.#timer);
    const at = this.#renew ? Math.min(renewAt, this.validUntil) : this.validUntil;
    this.#timer = this.#clock.setTimerAt(at, () => this.#tick(), 'background');
  }

  #tick(): void {
    if (!this.isHeld) return;
    if (this.#renew) this.#send(false).catch((error: unknown) => this.#retrySoon(error));
    this.#armRenewal();
  }

  #retrySoon(error: unknown): void {
    if (this.#state !== 'held') return;
    this.#trouble = asStoreFailure(error).cause ?? error;
    this.#arm(this.#clock.now() + Math.max(this.#ttl / RETRIES_PER_TTL, MIN_RETRY_MS));
  }

  #send(shortens: boolean): Promise<void> {
    return this.#confirm(shortens, () => this.#store.renew(this.key, this.value, this.#ttl, shortens));
  }

  async #confirm(shortens: boolean, command: () => Promise<RenewOutcome>): Promise<void> {
    const confirmations = this.#confirmations;
    const renewal = confirmations.send(this.#clock.now(), this.#ttl, shortens);
    const outcome = await command().catch((error: unknown) => {
      if (asStoreFailure(error).applied === 'no') confirmations.settle(renewal);
      throw error;
    });
    // A copy of a command that was sent twice may come yet.
    if (outcome !== 'resent') confirmations.settle(renewal);
    if (!this.isHeld) return;
    if (outcome === 'expired' || outcome === 'stolen') return this.lose(outcome);
    this.#believe(renewal);
  }

  #believe(renewal: Renewal): void {
    if (!this.#confirmations.confirm(renewal)) return;
    this.#trouble = undefined;
    this.#armRenewal();
  }

  #expire(): void {
    const isUnanswered = this.#renew && this.#confirmations.isAwaited;
    this.lose(isUnanswered ? 'unreachable' : 'expired', this.#trouble);
  }
}
