import type { LockStore, RelayOutcome } from '../stores/lock-store.interface.js';
import type { Clock } from './clock.js';
import type { Lease } from './lease.js';
import { Quantum, type QuantumTerms } from './quantum.js';
import type { Waiter } from './waiter.js';

export interface TenureContext {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly quantum: QuantumTerms;
}

/** How many fencing tokens a lease needs that serves one caller after another until its quantum is over. */
export function tokensFor({ handOvers }: QuantumTerms): number {
  return handOvers + 1;
}

/** What our process has of a key while it has it: a lease, the fencing tokens of those whom it serves, and the rest of its quantum. */
export class Tenure {
  readonly lease: Lease;
  readonly #context: TenureContext;
  readonly #quantum: Quantum;
  /** The fencing tokens that are not given out. */
  #nextToken: number;
  #tokensLeft: number;

  constructor(context: TenureContext, lease: Lease, firstToken: number, tokens: number) {
    this.lease = lease;
    this.#context = context;
    this.#quantum = new Quantum(context.quantum, context.clock);
    this.#nextToken = firstToken;
    this.#tokensLeft = tokens;
  }

  /** Whether it is time to ask ahead if another process waits. */
  get isHalfway(): boolean {
    return this.#quantum.isHalfway;
  }

  /** Whether `waiter` gets exactly what it asked for when the lease passes to it. */
  suits({ terms }: Waiter): boolean {
    return this.lease.isPlain && terms.isPlain && terms.ttl === this.lease.ttl;
  }

  /** Whether the lease may pass to one more caller before Redis is asked. */
  takeHandOver(): boolean {
    const { lease } = this;
    return this.#tokensLeft > 0 && lease.remaining >= lease.ttl / 2 && this.#quantum.take();
  }

  takeToken(): number {
    this.#tokensLeft -= 1;
    this.#nextToken += 1;
    return this.#nextToken - 1;
  }

  /**
   * Asks whether another process waits. If none does (`kept`), everything starts anew; else the lock passes on, unless one of ours still
   * holds it. Rejects with a `StoreFailure`.
   */
  async ask(isHeld: boolean): Promise<RelayOutcome['status']> {
    const { store, clock, quantum } = this.#context;
    const { key, value, ttl } = this.lease;
    const sentAt = clock.now();
    const tokens = tokensFor(quantum);
    const outcome = await store.relay({ key, value, ttl, tokens, isHeld });
    if (outcome.status === 'kept') {
      this.lease.confirm(sentAt);
      this.#quantum.renew();
      this.#nextToken = outcome.fencingToken;
      this.#tokensLeft = tokens;
    }
    return outcome.status;
  }
}
