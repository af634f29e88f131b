import { DRIFT_FACTOR, DRIFT_FIXED_MS } from '../../redis-lock.constants.js';
import type { LockStore, RenewOutcome } from '../lock-store.interface.js';
import type { ReleaseOutcome } from '../../interfaces/lock.interface.js';
import type { LockLostReason } from '../../errors/lock-lost.error.js';
import type { Clock, Timer } from '../time/clock.js';
import { asStoreFailure } from '../time/deadline.js';

/** Renewing at thirds leaves two more chances after a failed one. */
const RENEWALS_PER_TTL = 3;
/** After a renewal that failed outright the next one comes sooner, but never in a hot loop. */
const RETRIES_PER_TTL = 12;
const MIN_RETRY_MS = 10;

/** What the next process has of the key, once it has its turn: a quantum and the way there. Who polls and comes meanwhile would come in vain, and again later and later. */
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

/** A command that makes the lease shorter, and may come to Redis yet: it is unanswered, or the client has given it up. */
interface Shortening {
  readonly turn: number;
  readonly sentAt: number;
  readonly ttl: number;
}

const NONE: readonly Shortening[] = [];

/** What one caller has: one of each of its keys. */
export type Leases = readonly [Lease, ...Lease[]];

/** Who is told of the loss, once, if the lease is lost while it is held. */
export interface LeaseHolder {
  onLost(reason: LockLostReason, cause?: unknown): void;
}

/** Whose lease it is, whoever holds it for the moment. */
export interface LeaseOwner {
  /** The holder is done. `true`: the owner keeps the lease for another; `false`: it is to be given back. */
  onReturn(lease: Lease, now: number): boolean;
  /** Told once: the lease claims its key no longer, ended or lost. */
  onOver(lease: Lease): void;
}

/** The instant, on the monotonic clock, until which a lease surely lasts that was started by a command sent at `sentAt`. */
export function validity(sentAt: number, ttl: number): number {
  return sentAt + ttl - ttl * DRIFT_FACTOR - DRIFT_FIXED_MS;
}

/** What this process has in Redis: one key with our value, kept alive by renewals, and the local deadline after which it is not ours. */
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
  #validUntil: number;
  #timer: Timer;
  readonly #startedAt: number;
  #shortenings: readonly Shortening[] = NONE;
  #sent = 0;
  #confirmed = 0;
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
    this.#validUntil = validity(terms.sentAt, terms.ttl);
    this.#arm(terms.sentAt + terms.ttl / RENEWALS_PER_TTL);
  }

  /** On the monotonic clock. */
  get validUntil(): number {
    return this.#validUntil;
  }

  /** Whether it may serve one caller after another. */
  get isPlain(): boolean {
    return this.#isPlain && this.#renew;
  }

  get ttl(): number {
    return this.#ttl;
  }

  /** Whether it is still surely ours. Notices a deadline that passed while the event loop was blocked. */
  get isHeld(): boolean {
    return this.isHeldAt(this.#clock.now());
  }

  /** As `isHeld`, for who knows the time: a look at the clock is a good part of what a hand-over costs. */
  isHeldAt(now: number): boolean {
    if (this.#state === 'held' && now >= this.#validUntil) this.#expire();
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
    if (this.#state === 'held') this.#arm(this.#validUntil);
  }

  /** Gives it up without a word to Redis: someone else has the key, or is to have it. */
  lose(reason: LockLostReason, cause?: unknown): void {
    if (this.#state !== 'held') return;
    this.#leave('lost');
    this.holder?.onLost(reason, cause);
    this.#owner.onOver(this);
  }

  /** How many commands it has sent. */
  get sent(): number {
    return this.#sent;
  }

  /** It was confirmed by a command sent at `sentAt`, when it had sent `sent` of its own. What it sent since may have made it shorter, or longer. */
  confirm(sentAt: number, sent: number): void {
    if (!this.isHeld || sent !== this.#sent) return;
    this.#believe({ turn: this.#sent, sentAt, ttl: this.#ttl });
  }

  /** It is another process's now, as agreed. */
  drop(): void {
    this.#leave('ended');
  }

  /** The holder is done. Whether the owner keeps the lease for another; if not, it is to be given back. */
  pass(now: number): boolean {
    return this.isHeldAt(now) && this.#owner.onReturn(this, now);
  }

  /** Gives the key back to Redis, if it is still ours. Rejects with a `StoreFailure`. */
  giveBack(keepFor: number): Promise<ReleaseOutcome> {
    const wasHeld = this.#state === 'held';
    this.#leave('ended');
    const heldFor = Math.max(NEXT_TURN_MS, Math.floor(this.#clock.now() - this.#startedAt));
    const outcome = this.#store.release(this.key, this.value, keepFor, heldFor);
    // The next contender's command follows ours on the same connection: it need not wait for the reply.
    if (wasHeld) this.#owner.onOver(this);
    return outcome;
  }

  #leave(state: 'lost' | 'ended'): void {
    this.#state = state;
    this.#clock.clearTimer(this.#timer);
  }

  /** At a third, or sooner when less is left, so that there is another chance after the next one; never in a hot loop. */
  #armRenewal(): void {
    const length = Math.min(this.#ttl, ...this.#shortenings.map(({ ttl }) => ttl));
    const delay = Math.min(this.#ttl / RENEWALS_PER_TTL, (this.#validUntil - this.#clock.now()) / 2);
    this.#arm(this.#clock.now() + Math.max(delay, length / RETRIES_PER_TTL, MIN_RETRY_MS));
  }

  #arm(renewAt: number): void {
    this.#clock.clearTimer(this.#timer);
    const at = this.#renew ? Math.min(renewAt, this.#validUntil) : this.#validUntil;
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
    const sent: Shortening = { turn: (this.#sent += 1), sentAt: this.#clock.now(), ttl: this.#ttl };
    if (shortens) this.#shortenings = [...this.#shortenings, sent];
    // A shorter lease counts from the sending: its reply may be lost, or come after those of longer ones that were sent before.
    if (shortens) this.#validUntil = Math.min(this.#validUntil, validity(sent.sentAt, sent.ttl));
    const outcome = await command().catch((error: unknown) => {
      if (asStoreFailure(error).applied === 'no') this.#settle(sent);
      throw error;
    });
    if (outcome !== 'resent') this.#settle(sent);
    if (!this.isHeld) return;
    if (outcome === 'expired' || outcome === 'stolen') return this.lose(outcome);
    // The late reply of an older command tells nothing: a newer one holds.
    if (sent.turn < this.#confirmed) return;
    this.#believe(sent);
  }

  /** The shortening has come to Redis, or never will. */
  #settle(sent: Shortening): void {
    if (this.#shortenings.length > 0) this.#shortenings = this.#shortenings.filter((other) => other !== sent);
  }

  /** Redis has confirmed it. What makes it shorter and is not answered may come before that command or after it: the lease then lasts so long from the sending of the later one. */
  #believe({ turn, sentAt, ttl }: Shortening): void {
    this.#confirmed = turn;
    this.#trouble = undefined;
    this.#validUntil = this.#shortenings.reduce(
      (least, other) => Math.min(least, validity(Math.max(sentAt, other.sentAt), other.ttl)),
      validity(sentAt, ttl),
    );
    this.#armRenewal();
  }

  #expire(): void {
    const isUnanswered = this.#renew && this.#sent > this.#confirmed;
    this.lose(isUnanswered ? 'unreachable' : 'expired', this.#trouble);
  }
}
