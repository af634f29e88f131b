import { LockBackendError } from '../errors/lock-backend.error.js';
import { LockClosedError } from '../errors/lock-closed.error.js';
import { LockReentryError } from '../errors/lock-reentry.error.js';
import type { LockInfo } from '../interfaces/lock-info.interface.js';
import { StoreFailure, type LockStore } from './lock-store.interface.js';
import type { StopSignal } from './cancellation.js';
import type { Clock } from './time/clock.js';
import { Cohort } from './queue/cohort.js';
import type { CohortContext } from './queue/cohort-context.interface.js';
import { GiveBacks } from './lease/give-backs.js';
import { HeldLock, type HoldContext } from './lock/held-lock.js';
import type { Lease } from './lease/lease.js';
import { lockInScope, overlapInScope, runHolding } from './async-scope.js';
import { guarded, type LockObserver } from './lock-observer.interface.js';
import { OwnerTokens, parseOwner } from './lease/owner-token.js';
import type { QuantumTerms } from './queue/quantum.js';
import type { Grant } from './queue/tenure.js';
import { LockHandle } from './lock/lock-handle.js';
import { StandInLock } from './lock/stand-in-lock.js';
import { OrphanSweeper } from './lease/orphan-sweeper.js';
import type { WaitRequest, WaitTerms } from './queue/waiter.js';
import { WakeUps } from './queue/wake-ups.js';
import { asStoreFailure, within } from './time/deadline.js';

/** Validated and complete: nothing here is optional, nothing is checked again. */
export interface AcquireTerms extends WaitTerms {
  readonly maxHold: number | undefined;
  readonly minHold: number;
  readonly reentry: 'fail' | 'share' | 'wait';
}

export interface EngineInit {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: LockObserver;
  readonly maxWaiters: number;
  readonly quantum: QuantumTerms;
}

/** The lock algorithm: knows neither Nest nor Redis. */
export class LockEngine {
  readonly #store: LockStore;
  readonly #clock: Clock;
  readonly #owners = new OwnerTokens();
  readonly #sweeper: OrphanSweeper;
  readonly #giveBacks: GiveBacks;
  readonly #holds: HoldContext;
  readonly #cohortContext: CohortContext;
  readonly #cohorts = new Map<string, Cohort>();
  #state: 'open' | 'closing' = 'open';
  #onEmpty: () => void = () => undefined;

  constructor({ store, clock, random, maxWaiters, quantum, ...init }: EngineInit) {
    const observer = guarded(init.observer);
    this.#store = store;
    this.#clock = clock;
    this.#sweeper = new OrphanSweeper(store, clock);
    this.#giveBacks = new GiveBacks(store, clock, this.#sweeper);
    this.#holds = { realm: this, clock, store, giveBacks: this.#giveBacks, observer };
    const wakeUps = new WakeUps({
      store,
      sleeperFor: (key) => this.#cohorts.get(key),
      sleepers: () => this.#cohorts.values(),
      onRefused: (refusal) => observer.wakeUpsRefused(refusal),
      onTrouble: (error) => observer.wakeUpsFail(error),
    });
    const newValue = (metadata: string | undefined): string => this.#owners.next(metadata);
    const onIdle = (key: string): void => this.#forget(key);
    this.#cohortContext = {
      newValue,
      store,
      clock,
      random,
      sweeper: this.#sweeper,
      giveBacks: this.#giveBacks,
      wakeUps,
      maxWaiters,
      quantum,
      onIdle,
    };
  }

  /** Acquires all `keys`, which are sorted and distinct, or none. */
  acquire(keys: readonly [string, ...string[]], terms: AcquireTerms): Promise<LockHandle> {
    const shared = terms.reentry === 'wait' ? undefined : this.#reenter(keys, terms.reentry);
    if (shared !== undefined) return Promise.resolve(shared);
    if (keys.length > 1) return this.#joinAll(keys, terms);
    const isPlain = terms.renew && terms.metadata === undefined;
    const request = { key: keys[0], terms, since: this.#clock.now(), isPlain };
    return this.#join(
      request,
      (lease, fencingToken) => new LockHandle(new HeldLock(this.#holds, [lease], fencingToken, terms)),
    );
  }

  /** Runs `body` while `lock` is held and in its context, then releases. A failed release hides neither result nor error of `body`. */
  async hold<T>(lock: LockHandle, body: () => T | PromiseLike<T>): Promise<T> {
    try {
      return await runHolding(lock, body);
    } finally {
      await lock[Symbol.asyncDispose]();
    }
  }

  /** The lock of this engine that the async context holds. */
  current(key?: string): LockHandle | undefined {
    return lockInScope(this, key === undefined ? [] : [key]);
  }

  /** Of those that stand in for locks, any stands for every key. */
  standIn(key: string): LockHandle {
    return new LockHandle(new StandInLock(this, key));
  }

  async inspect(key: string): Promise<LockInfo | null> {
    const stored = await this.#ask(key, this.#store.inspect(key));
    if (stored === null) return null;
    const { value, ttl, processes } = stored;
    return {
      key,
      ttl,
      ...parseOwner(value),
      waiting: this.#cohorts.get(key)?.waiting ?? 0,
      waitingProcesses: processes,
    };
  }

  async forceRelease(key: string): Promise<boolean> {
    // Whoever gets in after it is not meant.
    const lease = this.#cohorts.get(key)?.lease;
    const wasHeld = await this.#ask(key, this.#store.forceRelease(key));
    lease?.lose('forced');
    return wasHeld;
  }

  /**
   * Sends waiters away, gives holders `grace` milliseconds to finish, then takes their locks away. Ends when every lock is given back, or Redis does not answer. The store
   * stays open.
   */
  async close(grace: number): Promise<void> {
    this.#state = 'closing';
    for (const cohort of [...this.#cohorts.values()]) cohort.close();
    await this.#untilEmpty(grace);
    for (const { lease } of [...this.#cohorts.values()]) {
      if (lease === undefined) continue;
      lease.lose('shutdown');
      this.#sweeper.sweep({ key: lease.key, value: lease.value, ttl: lease.ttl, mayComeYet: false });
    }
    // Each of them has a deadline of its own; what failed is left to the sweeper.
    await this.#giveBacks.settled();
    await within(this.#clock, this.#store.commandTimeout, this.#sweeper.settled()).catch(() => undefined);
    this.#sweeper.stop();
  }

  #reenter(keys: readonly string[], reentry: 'fail' | 'share'): LockHandle | undefined {
    const held = overlapInScope(this, keys);
    if (held === undefined) return undefined;
    if (reentry === 'share' && keys.every((key) => held.keys.includes(key))) return held.share();
    throw new LockReentryError(keys.find((key) => held.keys.includes(key)) ?? held.key);
  }

  #join<T>(request: WaitRequest, hold: (lease: Lease, fencingToken: number) => T): Promise<T> {
    const { key } = request;
    if (this.#state !== 'open') throw new LockClosedError(key);
    let cohort = this.#cohorts.get(key);
    if (cohort === undefined) this.#cohorts.set(key, (cohort = new Cohort(key, this.#cohortContext)));
    return cohort.join(request, hold);
  }

  /** One after the other in sorted order, so that two callers never wait for each other. */
  async #joinAll(keys: readonly string[], terms: AcquireTerms): Promise<LockHandle> {
    const since = this.#clock.now();
    // Renewed while the others are waited for, whatever the caller wants later.
    const renewed = { ...terms, renew: true };
    for (;;) {
      const grants: Grant[] = [];
      try {
        for (const key of keys) grants.push(await this.#join({ key, terms: renewed, since, isPlain: false }, toGrant));
        const token = greatestToken(grants);
        const behind = grants.filter(({ fencingToken }) => fencingToken < token);
        const raised = Promise.all(behind.map(({ lease }) => lease.raiseFence(token)));
        await unlessAborted(terms.signal, within(this.#clock, this.#patience(terms, since), raised));
      } catch (error) {
        this.#giveBack(grants);
        throw error instanceof StoreFailure ? this.#backendError(keys[0] ?? '', error) : error;
      }
      if (grants.every(({ lease }) => lease.isHeld)) return this.#holdAll(grants, terms);
      this.#giveBack(grants);
    }
  }

  /** How long the last command may take: no longer than the caller waits. */
  #patience({ wait }: AcquireTerms, since: number): number {
    const { commandTimeout } = this.#store;
    return wait === 0 ? commandTimeout : Math.max(0, Math.min(commandTimeout, since + wait - this.#clock.now()));
  }

  #holdAll(grants: readonly Grant[], terms: AcquireTerms): LockHandle {
    const leases = grants.map(({ lease }) => lease) as [Lease, ...Lease[]];
    if (!terms.renew) leases.forEach((lease) => lease.stopRenewal());
    return new LockHandle(new HeldLock(this.#holds, leases, greatestToken(grants), terms));
  }

  /** Nobody waits for it: the caller has been waiting long enough. */
  #giveBack(grants: readonly Grant[]): void {
    for (const { lease } of grants) this.#giveBacks.start(lease, 0);
  }

  async #ask<T>(key: string, question: Promise<T>): Promise<T> {
    try {
      return await within(this.#clock, this.#store.commandTimeout, question);
    } catch (error) {
      throw this.#backendError(key, error);
    }
  }

  #backendError(key: string, error: unknown): LockBackendError {
    const failure = asStoreFailure(error);
    return new LockBackendError(`Lock "${key}" could not be asked for: ${failure.message}.`, {
      key,
      cause: failure.cause ?? failure,
    });
  }

  #forget(key: string): void {
    this.#cohorts.delete(key);
    if (this.#cohorts.size === 0) this.#onEmpty();
  }

  async #untilEmpty(grace: number): Promise<void> {
    if (this.#cohorts.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(grace, resolve, 'process');
      this.#onEmpty = () => {
        this.#clock.clearTimer(timer);
        resolve();
      };
    });
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

const toGrant = (lease: Lease, fencingToken: number): Grant => ({ lease, fencingToken });

/** Above every earlier token of each key; those that are behind it are raised to it. */
function greatestToken(grants: readonly Grant[]): number {
  return Math.max(...grants.map(({ fencingToken }) => fencingToken));
}
