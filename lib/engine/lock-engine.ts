import { LockBackendError } from '../errors/lock-backend.error.js';
import { LockClosedError } from '../errors/lock-closed.error.js';
import { LockReentryError } from '../errors/lock-reentry.error.js';
import type { LockInfo } from '../interfaces/lock-info.interface.js';
import type { LockStore } from './lock-store.interface.js';
import type { Clock } from './time/clock.js';
import { Cohort } from './queue/cohort.js';
import type { CohortContext } from './queue/cohort-context.interface.js';
import { GiveBacks } from './lease/give-backs.js';
import { HeldLock, type HoldContext } from './lock/held-lock.js';
import type { Lease, Leases } from './lease/lease.js';
import { lockInScope, overlapInScope, runHolding } from './async-scope.js';
import { guarded, type LockObserver } from './lock-observer.interface.js';
import { OwnerTokens, parseOwner } from './lease/owner-token.js';
import type { QuantumTerms } from './queue/quantum.js';
import { SeveralKeys } from './several-keys.js';
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
  readonly #severalKeys: SeveralKeys;
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
    const context = {
      newValue,
      store,
      clock,
      random,
      sweeper: this.#sweeper,
      giveBacks: this.#giveBacks,
      wakeUps,
      maxWaiters,
      quantum,
    };
    this.#cohortContext = { ...context, onIdle };
    this.#severalKeys = new SeveralKeys({
      context,
      holds: this.#holds,
      join: (request, hold) => this.#join(request, hold),
      wake: (key) => this.#cohorts.get(key)?.wake(),
      onIdle: () => this.#tellIfEmpty(),
    });
  }

  /** Acquires all `keys`, which are sorted and distinct, or none. */
  acquire(keys: readonly [string, ...string[]], terms: AcquireTerms): Promise<LockHandle> {
    const shared = terms.reentry === 'wait' ? undefined : this.#reenter(keys, terms.reentry);
    if (shared !== undefined) return Promise.resolve(shared);
    if (keys.length > 1) return this.#severalKeys.acquire(keys, terms);
    const isPlain = terms.renew && terms.metadata === undefined;
    const request = { key: keys[0], terms, since: this.#clock.now(), isPlain };
    return this.#join(
      request,
      (leases, fencingToken) => new LockHandle(new HeldLock(this.#holds, leases, fencingToken, terms)),
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
    // The lease of this moment: a caller that gets in after the command is not meant.
    const leases = this.#leases().filter((lease) => lease.key === key);
    const wasHeld = await this.#ask(key, this.#store.forceRelease(key));
    for (const lease of leases) lease.lose('forced');
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
    for (const lease of this.#leases()) {
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

  #join<T>(request: WaitRequest, hold: (leases: Leases, fencingToken: number) => T): Promise<T> {
    const { key } = request;
    if (this.#state !== 'open') throw new LockClosedError(key);
    let cohort = this.#cohorts.get(key);
    if (cohort === undefined) this.#cohorts.set(key, (cohort = new Cohort(key, this.#cohortContext)));
    return cohort.join(request, hold);
  }

  get #isEmpty(): boolean {
    return this.#cohorts.size === 0 && this.#severalKeys.isIdle;
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
    this.#tellIfEmpty();
  }

  /** What this process holds. */
  #leases(): Lease[] {
    const ofCohorts = [...this.#cohorts.values()].flatMap(({ lease }) => lease ?? []);
    return [...ofCohorts, ...this.#severalKeys.leases];
  }

  #tellIfEmpty(): void {
    if (this.#isEmpty) this.#onEmpty();
  }

  async #untilEmpty(grace: number): Promise<void> {
    if (this.#isEmpty) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(grace, resolve, 'process');
      this.#onEmpty = () => {
        this.#clock.clearTimer(timer);
        resolve();
      };
    });
  }
}
