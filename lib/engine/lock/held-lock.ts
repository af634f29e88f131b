import { LockBackendError } from '../../errors/lock-backend.error.js';
import { LockLostError, type LockLostReason } from '../../errors/lock-lost.error.js';
import type { Lock, ReleaseOutcome } from '../../interfaces/lock.interface.js';
import type { LockStore } from '../lock-store.interface.js';
import { checkTtl } from './check-ttl.js';
import type { Clock, Timer } from '../time/clock.js';
import type { GiveBacks } from '../lease/give-backs.js';
import type { Lease, LeaseHolder, Leases } from '../lease/lease.js';
import type { LockObserver } from '../lock-observer.interface.js';
import { asStoreFailure, within } from '../time/deadline.js';

/** A lease that serves the next caller of this process needs no command. */
const PASSED = Promise.resolve<ReleaseOutcome>('released');

export interface HoldContext {
  /** Tells the locks of one engine from those of another. */
  readonly realm: object;
  readonly clock: Clock;
  readonly store: LockStore;
  readonly giveBacks: GiveBacks;
  readonly observer: LockObserver;
}

export interface HoldTerms {
  readonly ttl: number;
  readonly maxHold: number | undefined;
  readonly minHold: number;
}

/** What its holders share, each by a handle of its own: one lease for each key, held until the last of them has released it. */
export class HeldLock implements LeaseHolder {
  readonly key: string;
  readonly fencingToken: number;

  readonly #context: HoldContext;
  readonly #leases: Leases;
  /** The length that it was acquired with. */
  readonly #ttl: number;
  /** Until when `minHold` keeps the key taken, on the monotonic clock; 0 without. */
  readonly #keepUntil: number;
  #maxHoldTimer: Timer;
  #state: 'held' | 'lost' | 'released' = 'held';
  #loss: LockLostError | undefined;
  #controller: AbortController | undefined;
  #holders = 0;
  #keys: readonly string[] | undefined;

  constructor(context: HoldContext, leases: Leases, fencingToken: number, { ttl, maxHold, minHold }: HoldTerms) {
    this.#context = context;
    this.#leases = leases;
    this.#keepUntil = minHold === 0 ? 0 : context.clock.now() + minHold;
    this.key = leases[0].key;
    this.#ttl = ttl;
    this.fencingToken = fencingToken;
    for (const lease of leases) lease.holder = this;
    if (maxHold !== undefined)
      this.#maxHoldTimer = context.clock.setTimer(maxHold, () => this.onLost('maxHold'), 'background');
  }

  get keys(): readonly string[] {
    return (this.#keys ??= Object.freeze(this.#leases.map((lease) => lease.key)));
  }

  get realm(): object {
    return this.#context.realm;
  }

  /** Whether any of its holders still surely holds it. */
  get isHeld(): boolean {
    return this.#isHeldAt(this.#context.clock.now());
  }

  /** Why it was lost, if it was. */
  get loss(): LockLostError | undefined {
    void this.isHeld;
    return this.#loss;
  }

  get signal(): AbortSignal {
    void this.isHeld;
    this.#controller ??= new AbortController();
    if (this.#loss !== undefined) this.#controller.abort(this.#loss);
    return this.#controller.signal;
  }

  get expiresAt(): number {
    const { clock } = this.#context;
    const left = Math.min(...this.#leases.map((lease) => lease.validUntil)) - clock.now();
    return Math.floor(clock.epoch() + left);
  }

  /** Starts its leases afresh, if `holder` still holds it. */
  async extendFor(holder: Pick<Lock, 'isHeld'>, ttl = this.#ttl): Promise<void> {
    checkTtl(ttl);
    this.#assertHeldBy(holder);
    try {
      await within(
        this.#context.clock,
        this.#context.store.commandTimeout,
        Promise.all(this.#leases.map((lease) => lease.extend(ttl))),
      );
    } catch (error) {
      throw this.#backendError('could not be extended', error);
    }
    this.#assertHeldBy(holder);
  }

  /** One holder more. */
  enter(): void {
    this.#holders += 1;
  }

  /** One holder less; the last one gives the lock back. */
  leave(): Promise<ReleaseOutcome> {
    this.#holders -= 1;
    if (this.#holders === 0) return this.#release();
    return Promise.resolve(this.#loss === undefined ? 'released' : outcomeOf(this.#loss));
  }

  /** A release failed, and no caller is there to hear of it. */
  tellUnconfirmed(error: unknown): void {
    this.#context.observer.releaseUnconfirmed(this.key, error);
  }

  /** From here on the holder cannot be sure: renewal stops, and it is told. */
  onLost(reason: LockLostReason, cause?: unknown): void {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    for (const lease of this.#leases) lease.stopRenewal();
    this.#tell(reason, cause);
  }

  #isHeldAt(now: number): boolean {
    if (this.#state !== 'held') return false;
    // Each lease notices its own deadline, and tells.
    for (const lease of this.#leases) if (!lease.isHeldAt(now)) return false;
    return true;
  }

  #tell(reason: LockLostReason, cause?: unknown): void {
    this.#loss = new LockLostError({ key: this.key, reason, cause });
    this.#context.clock.clearTimer(this.#maxHoldTimer);
    this.#controller?.abort(this.#loss);
    this.#context.observer.lost(this.#loss);
  }

  #release(): Promise<ReleaseOutcome> {
    const { clock } = this.#context;
    const now = clock.now();
    const wasHeld = this.#isHeldAt(now);
    this.#state = 'released';
    clock.clearTimer(this.#maxHoldTimer);
    for (const each of this.#leases) each.holder = undefined;
    const isSingle = this.#leases.length === 1;
    const [lease] = this.#leases;
    const keepUntil = this.#keepUntil !== 0 && this.#keepUntil > now ? this.#keepUntil : 0;
    if (keepUntil === 0 && isSingle && lease.offer(now)) return PASSED;
    const outcome = isSingle
      ? this.#end(lease, keepUntil)
      : Promise.all(this.#leases.map((each) => this.#end(each, keepUntil))).then(worst);
    // The holder does not know yet that it was not alone all the time.
    return wasHeld ? outcome.then((ended) => this.#tellUnlessReleased(ended)) : outcome;
  }

  #tellUnlessReleased(outcome: ReleaseOutcome): ReleaseOutcome {
    if (outcome !== 'released') this.#tell(outcome);
    return outcome;
  }

  #end(lease: Lease, keepUntil: number): Promise<ReleaseOutcome> {
    const { giveBacks } = this.#context;
    if (this.#loss?.reason === 'stolen') {
      // Of several keys this process still has the others.
      if (this.#leases.length > 1) giveBacks.start(lease, keepUntil);
      return Promise.resolve('stolen');
    }
    return new Promise((resolve, reject) => {
      giveBacks.start(lease, keepUntil, {
        onDone: resolve,
        onFailed: (failure) => {
          if (this.#loss !== undefined) return resolve('expired');
          reject(this.#backendError(`could not be released and frees itself in at most ${lease.ttl} ms`, failure));
        },
      });
    });
  }

  #assertHeldBy(holder: Pick<Lock, 'isHeld'>): void {
    if (holder.isHeld) return;
    // Released by the holder itself, the lease is over as if it had expired.
    throw this.#loss ?? new LockLostError({ key: this.key, reason: 'expired' });
  }

  #backendError(what: string, error: unknown): LockBackendError {
    const failure = asStoreFailure(error);
    return new LockBackendError(`Lock "${this.key}" ${what}: ${failure.message}.`, {
      key: this.key,
      cause: failure.cause ?? failure,
    });
  }
}

function outcomeOf({ reason }: LockLostError): ReleaseOutcome {
  return reason === 'stolen' ? 'stolen' : 'expired';
}

function worst(outcomes: readonly ReleaseOutcome[]): ReleaseOutcome {
  if (outcomes.includes('stolen')) return 'stolen';
  return outcomes.includes('expired') ? 'expired' : 'released';
}
