import type { LockStore, RelayOutcome, RelayRequest } from '../lock-store.interface.js';
import type { Clock } from '../time/clock.js';
import { invariant } from '../invariant.js';
import type { Lease } from '../lease/lease.js';
import type { Opening } from './opening.js';
import type { Orphan } from '../lease/orphan-sweeper.js';
import { Quantum, type QuantumTerms } from './quantum.js';
import type { Waiter } from './waiter.js';

export interface TenureContext {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly quantum: QuantumTerms;
}

/**
 * Tokens that are reserved for each caller, as some come again. If a lease always had enough for its whole quantum, a key that is taken over and
 * over by few would use them up faster than the server's clock runs (one per microsecond), and the tokens after a loss of the data set would
 * not exceed those before.
 */
const TOKENS_PER_CALLER = 8;

/** How many fencing tokens a new lease needs for which `waiting` callers wait, at most until its quantum is over. */
export function tokensFor({ handOvers }: QuantumTerms, waiting: number): number {
  return Math.min(handOvers + 1, waiting * TOKENS_PER_CALLER);
}

/** What one caller is let in with. */
export interface Grant {
  readonly lease: Lease;
  readonly fencingToken: number;
}

/** What Redis gave when it gave the lease. */
export interface TenureInit {
  /** The first of the block of fencing tokens. */
  readonly fencingToken: number;
  readonly tokens: number;
  /** Whether another command that takes the key with the same value may be on its way. */
  readonly mayComeYet: boolean;
}

/** What the process has of a key while it has it: a lease, the fencing tokens of those whom it serves, and the rest of its quantum. */
export class Tenure {
  readonly lease: Lease;
  readonly #mayComeYet: boolean;
  readonly #context: TenureContext;
  readonly #quantum: Quantum;
  /** The fencing tokens that are not given out. */
  #nextToken = 0;
  #tokensLeft = 0;
  /** How many are left when it is time to ask ahead. */
  #half = 0;
  /** When Redis was last asked for the key. */
  #askedAt: number;

  /** `now`: when Redis gave it, on the monotonic clock. */
  constructor(context: TenureContext, lease: Lease, { fencingToken, tokens, mayComeYet }: TenureInit, now: number) {
    this.lease = lease;
    this.#mayComeYet = mayComeYet;
    this.#askedAt = now;
    this.#context = context;
    this.#quantum = new Quantum(context.quantum, now);
    this.#refill(fencingToken, tokens);
  }

  /** What Redis may hold of it, once it is over. */
  get orphan(): Orphan {
    const { key, value, ttl } = this.lease;
    return { key, value, ttl, mayComeYet: this.#mayComeYet };
  }

  /** Asks at half of the quantum, unless it has to end: if no other process waits, it starts afresh before it is over. A failure shows again when it is over. */
  askAhead(opening: Pick<Opening, 'isDue'>): void {
    if (this.#tokensLeft !== this.#half || opening.isDue) return;
    this.ask('held').then(
      (status) => {
        if (status === 'expired' || status === 'stolen') this.lease.lose(status);
      },
      () => undefined,
    );
  }

  /** Whether `waiter` gets exactly what it asked for when the lease passes to it. */
  suits({ request }: Waiter): boolean {
    const { isPlain, terms } = request;
    return this.lease.isPlain && isPlain && terms.ttl === this.lease.ttl;
  }

  /** Whether the lease may pass to one more caller before Redis is asked. */
  takeHandOver(now: number): boolean {
    const { lease } = this;
    return this.#tokensLeft > 0 && lease.validUntil - now >= lease.ttl / 2 && this.#quantum.take(now);
  }

  /** The fencing token of the next caller. */
  takeToken(): number {
    invariant(this.#tokensLeft > 0, 'a caller is let in only while fencing tokens are left');
    this.#tokensLeft -= 1;
    this.#nextToken += 1;
    return this.#nextToken - 1;
  }

  /**
   * Asks whether another process waits. If none does (`kept`), quantum, tokens and lease start afresh; else the lock passes on, unless a caller of this process
   * still holds it. Rejects with a `StoreFailure`.
   */
  async ask(mode: RelayRequest['mode']): Promise<RelayOutcome['status']> {
    const { store, clock, quantum } = this.#context;
    const { key, value, ttl, sent } = this.lease;
    const sentAt = clock.now();
    const tokens = quantum.handOvers + 1;
    // The next quantum is going to last about as long as this one did.
    const ahead = Math.ceil(Math.max(quantum.ms, sentAt - this.#askedAt));
    this.#askedAt = sentAt;
    const outcome = await store.relay({ key, value, ttl, tokens, mode, ahead });
    if (outcome.status === 'kept') {
      this.lease.confirm(sentAt, sent);
      this.#quantum.renew(clock.now());
      this.#refill(outcome.fencingToken, tokens);
    }
    return outcome.status;
  }

  #refill(firstToken: number, tokens: number): void {
    this.#nextToken = firstToken;
    this.#tokensLeft = tokens;
    this.#half = (tokens - 1) >> 1;
  }
}
