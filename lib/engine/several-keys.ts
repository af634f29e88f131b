import { LockBackendError } from '../errors/lock-backend.error.js';
import { LockNotAcquiredError } from '../errors/lock-not-acquired.error.js';
import { StoreFailure } from './lock-store.interface.js';
import type { StopSignal } from './cancellation.js';
import type { CohortContext } from './queue/cohort-context.interface.js';
import { within } from './time/deadline.js';
import { HeldLock, type HoldContext, type HoldTerms } from './lock/held-lock.js';
import { Lease, type LeaseOwner, type Leases } from './lease/lease.js';
import { LockHandle } from './lock/lock-handle.js';
import type { Orphan } from './lease/orphan-sweeper.js';
import type { Grant } from './queue/tenure.js';
import type { Obstacle } from './queue/obstacle.js';
import type { Companions, WaitRequest, WaitTerms } from './queue/waiter.js';

/**
 * How often a caller comes in vain, as one key is free and another is not, before it holds what it gets. Beside steady crowds no key is ever free at the same moment as another; among few
 * callers, keys that are busy a third of the time are free together long before.
 */
const TIMES_IN_VAIN = 5;

/**
 * For how long it holds the first keys while it waits for the rest: a few turns of those who use a key shortly. Where that was not enough it tries for all once more, and then holds them
 * four times as long: so it comes soon to what the turns of others take, however long they are, and what was held in vain comes to less than half of that.
 */
const FIRST_HOLD_MS = 100;
const HOLD_GROWTH = 4;

type Keys = readonly [string, ...string[]];

export interface SeveralKeysTerms extends WaitTerms, HoldTerms {}

export interface SeveralKeysInit {
  readonly context: Omit<CohortContext, 'onIdle'>;
  readonly holds: HoldContext;
  readonly join: <T>(request: WaitRequest, hold: (leases: Leases, fencingToken: number) => T) => Promise<T>;
  /** Those who wait for the key in this process may try. */
  readonly wake: (key: string) => void;
  /** Nothing is held of several keys any more. */
  readonly onIdle: () => void;
}

/** What a caller wants, and since when. */
interface Wish {
  readonly keys: Keys;
  readonly terms: SeveralKeysTerms;
  readonly since: number;
}

/** Which key is not to be had, and why, where that is known. */
interface Busy {
  readonly key: string;
  readonly obstacle: Obstacle | undefined;
}

/**
 * Callers that want several keys. Where one command can take all or none, they hold nothing while they wait: each stands in the queue of one busy key, and tries for all when it
 * has its turn there. What is taken so belongs to none of the cohorts; to them it is held by another process.
 */
export class SeveralKeys implements LeaseOwner {
  readonly #init: SeveralKeysInit;
  readonly #held = new Map<Lease, Orphan>();

  constructor(init: SeveralKeysInit) {
    this.#init = init;
  }

  /** What was taken at once, and is not over. */
  get leases(): readonly Lease[] {
    return [...this.#held.keys()];
  }

  get isIdle(): boolean {
    return this.#held.size === 0;
  }

  /** Acquires all `keys`, which are sorted and distinct, or none. */
  async acquire(keys: Keys, terms: SeveralKeysTerms): Promise<LockHandle> {
    const { store, clock } = this.#init.context;
    const wish: Wish = { keys, terms, since: clock.now() };
    if (!store.takesAll(keys)) return new LockHandle((await this.#oneByOne(wish, Infinity)) as HeldLock);
    let busy: Busy = { key: keys[0], obstacle: undefined };
    let [timesLeft, holdMs] = [TIMES_IN_VAIN, FIRST_HOLD_MS];
    for (;;) {
      const holds = timesLeft === 0;
      const end = holds ? await this.#oneByOne(wish, holdMs) : await this.#allAtOnce(wish, busy);
      if (end instanceof HeldLock) return new LockHandle(end);
      busy = end;
      timesLeft = holds ? 1 : timesLeft - 1;
      if (holds) holdMs *= HOLD_GROWTH;
    }
  }

  /** Always given back: it is of no use to one who wants a single key. */
  onReturn(): boolean {
    return false;
  }

  onOver(lease: Lease): void {
    const { context, wake, onIdle } = this.#init;
    const orphan = this.#held.get(lease);
    this.#held.delete(lease);
    if (orphan?.mayComeYet === true) context.sweeper.revisit(orphan);
    // Once those that are given back with it are on their way, too: someone else may want the same.
    void Promise.resolve().then(() => wake(lease.key));
    if (this.isIdle) onIdle();
  }

  /** Waits for the key that is busy, and takes all when it has its turn there; or tells which other one is in the way. */
  async #allAtOnce({ keys, terms, since }: Wish, { key, obstacle }: Busy): Promise<HeldLock | Busy> {
    const { join, holds, context } = this.#init;
    let elsewhere: Busy | undefined;
    let taken: readonly Lease[] = [];
    const companions: Companions = {
      keys: [key, ...keys.filter((other) => other !== key)],
      takeOver: (orphans, sentAt) => (taken = this.#takeOver(orphans, terms, sentAt)),
      onElsewhere: (other, why) => (elsewhere = { key: other, obstacle: why }),
      areHeld: () => taken.some((lease) => this.#held.has(lease)),
    };
    try {
      return await join(
        { key, terms, since, isPlain: false, companions, found: obstacle },
        (leases, fencingToken) => new HeldLock(holds, leases, fencingToken, terms),
      );
    } catch (error) {
      if (elsewhere === undefined || context.clock.now() >= since + terms.wait) throw error;
      return elsewhere;
    }
  }

  /** In the order of the keys. */
  #takeOver(orphans: readonly Orphan[], { renew }: SeveralKeysTerms, sentAt: number): Leases {
    const { store, clock } = this.#init.context;
    const sorted = [...orphans].sort((one, other) => (one.key < other.key ? -1 : 1));
    const leases = sorted.map((orphan) => {
      const lease = new Lease(this, store, clock, { ...orphan, renew, isPlain: false, sentAt });
      this.#held.set(lease, orphan);
      return lease;
    });
    return leases as readonly Lease[] as Leases;
  }

  /** Takes one after the other and holds them meanwhile, for `holdMs` at most; then it tells for which one it waits. */
  async #oneByOne(wish: Wish, holdMs: number): Promise<HeldLock | Busy> {
    const { keys, terms } = wish;
    for (;;) {
      const grants: Grant[] = [];
      let busy: Busy | undefined;
      try {
        busy = await this.#takeInOrder(wish, grants, holdMs);
        if (busy === undefined) await this.#raiseFences(wish, grants);
      } catch (error) {
        this.#giveBack(grants);
        throw error instanceof StoreFailure ? notAsked(keys[0], error) : error;
      }
      if (busy === undefined && grants.every(({ lease }) => lease.isHeld)) return this.#holdAll(grants, terms);
      this.#giveBack(grants);
      if (busy !== undefined) return busy;
    }
  }

  /** In sorted order, so that two callers never wait for each other. `undefined` when it has all. */
  async #takeInOrder({ keys, terms, since }: Wish, grants: Grant[], holdMs: number): Promise<Busy | undefined> {
    const { join, context } = this.#init;
    const { clock } = context;
    let endsAt = Infinity;
    for (const key of keys) {
      // Renewed while the others are waited for, whatever the caller wants later.
      const renewed = { ...terms, renew: true, wait: Math.min(terms.wait, endsAt - since) };
      try {
        grants.push(await join({ key, terms: renewed, since, isPlain: false }, toGrant));
      } catch (error) {
        if (clock.now() < endsAt || renewed.wait === terms.wait || !mayPass(error)) throw error;
        return { key, obstacle: undefined };
      }
      if (grants.length === 1) endsAt = clock.now() + holdMs;
    }
    return undefined;
  }

  /** So that the next token of each key exceeds that of the lock. */
  #raiseFences({ terms: { wait, signal }, since }: Wish, grants: readonly Grant[]): Promise<unknown> {
    const { clock, store } = this.#init.context;
    const token = greatestToken(grants);
    const behind = grants.filter(({ fencingToken }) => fencingToken < token);
    // No longer than the caller waits.
    const patience =
      wait === 0 ? store.commandTimeout : Math.max(0, Math.min(store.commandTimeout, since + wait - clock.now()));
    return unlessAborted(
      signal,
      within(clock, patience, Promise.all(behind.map(({ lease }) => lease.raiseFence(token)))),
    );
  }

  #holdAll(grants: readonly Grant[], terms: SeveralKeysTerms): HeldLock {
    const leases = grants.map(({ lease }) => lease) as readonly Lease[] as Leases;
    if (!terms.renew) leases.forEach((lease) => lease.stopRenewal());
    return new HeldLock(this.#init.holds, leases, greatestToken(grants), terms);
  }

  /** In the background: the caller has been waiting long enough. */
  #giveBack(grants: readonly Grant[]): void {
    for (const { lease } of grants) this.#init.context.giveBacks.start(lease, 0);
  }
}

/** Settles as `work` does, or rejects with the signal's reason as soon as that aborts. */
function unlessAborted<T>(signal: StopSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what the caller aborted with
    const listener = (): void => reject(signal.reason);
    if (signal.aborted) listener();
    signal.addEventListener('abort', listener, { once: true });
    work.finally(() => signal.removeEventListener('abort', listener)).then(resolve, reject);
  });
}

const toGrant = ([lease]: Leases, fencingToken: number): Grant => ({ lease, fencingToken });

/** Above every earlier token of each key; those that are behind it are raised to it. */
function greatestToken(grants: readonly Grant[]): number {
  return Math.max(...grants.map(({ fencingToken }) => fencingToken));
}

/** What a key was not to be had for may be over soon; and if not, it shows again. */
function mayPass(error: unknown): boolean {
  return error instanceof LockNotAcquiredError || error instanceof LockBackendError;
}

function notAsked(key: string, failure: StoreFailure): LockBackendError {
  return new LockBackendError(`Lock "${key}" could not be asked for: ${failure.message}.`, {
    key,
    cause: failure.cause ?? failure,
  });
}
