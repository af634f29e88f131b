import type { RelayOutcome, StoreFailure } from '../lock-store.interface.js';
import { withDeadline, type WorkEnd } from '../time/deadline.js';
import type { Asked } from './backoff.js';
import type { CohortContext } from './cohort-context.interface.js';
import type { Opening } from './opening.js';
import type { Tenure } from './tenure.js';

/** Whose question it is; one of these is called, once. */
export interface RelayingOwner {
  /** No other process waits: the lease goes on. */
  onKept(relaying: Relaying): void;
  /** The lease is over, and why. */
  onGone(relaying: Relaying, status: Exclude<RelayOutcome['status'], 'kept'>): void;
  /** What Redis holds is not known; it is swept. */
  onRelayFailure(relaying: Relaying, failure: StoreFailure): void;
}

/**
 * The phase of a cohort in which its quantum is over, and Redis is asked whether another process waits. No caller has the key meanwhile. The lease may be
 * lost before the answer comes, and the cohort is in another phase then.
 */
export class Relaying implements Asked, WorkEnd<RelayOutcome['status']> {
  readonly name = 'relaying';
  readonly tenure: Tenure;
  readonly isWakeable: boolean;
  readonly comesAgainIn = undefined;
  wasWoken = false;

  readonly #context: CohortContext;
  readonly #owner: RelayingOwner;
  readonly #opening: Opening;

  constructor(context: CohortContext, owner: RelayingOwner, tenure: Tenure, opening: Opening) {
    this.#context = context;
    this.#owner = owner;
    this.tenure = tenure;
    this.#opening = opening;
    this.isWakeable = context.wakeUps.arrive;
  }

  /** Lets another process in, if one waits, or from time to time whatever program comes. */
  send(): void {
    const { store, clock } = this.#context;
    withDeadline(clock, store.commandTimeout, this.tenure.ask(this.#opening.isDue ? 'open' : 'free'), this);
  }

  onDone(status: RelayOutcome['status']): void {
    if (status === 'opened') this.#opening.onOpened();
    if (status === 'kept') this.#owner.onKept(this);
    else this.#owner.onGone(this, status);
  }

  onFailed(failure: StoreFailure): void {
    this.#sweep();
    this.#owner.onRelayFailure(this, failure);
  }

  onLate(): void {
    this.#sweep();
  }

  #sweep(): void {
    this.#context.sweeper.sweep(this.tenure.orphan);
  }
}
