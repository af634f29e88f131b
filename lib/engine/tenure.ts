import type { Clock } from './clock.js';
import type { Lease } from './lease.js';
import type { QuantumTerms } from './quantum.js';
import { Quantum } from './quantum.js';
import type { Waiter } from './waiter.js';

/** A block of fencing tokens that Redis reserved. */
export interface TokenBlock {
  readonly first: number;
  readonly size: number;
}

/** What our process has of a key while it has it: a lease, the fencing tokens of those whom it serves, and the rest of its quantum. */
export class Tenure {
  readonly lease: Lease;
  readonly #quantum: Quantum;
  #next: number;
  #end: number;

  constructor(lease: Lease, { first, size }: TokenBlock, quantum: QuantumTerms, clock: Clock) {
    this.lease = lease;
    this.#quantum = new Quantum(quantum, clock);
    this.#next = first;
    this.#end = first + size;
  }

  /** What names our lease in Redis. */
  get claim(): { readonly key: string; readonly value: string; readonly ttl: number } {
    const { key, value, ttl } = this.lease;
    return { key, value, ttl };
  }

  /** Whether `waiter` gets exactly what it asked for when the lease passes to it. */
  suits({ terms }: Waiter): boolean {
    return this.lease.isPlain && terms.isPlain && terms.ttl === this.lease.ttl;
  }

  /** Whether the lease may pass to one more caller before Redis is asked. */
  takeHandOver(): boolean {
    const { lease } = this;
    return this.#next < this.#end && lease.remaining >= lease.ttl / 2 && this.#quantum.take();
  }

  /** Whether to ask ahead if another process waits. */
  get isHalfway(): boolean {
    return this.#quantum.isHalfway;
  }

  takeToken(): number {
    const token = this.#next;
    this.#next += 1;
    return token;
  }

  /** Redis says that nobody else waits: the lease was confirmed by a command sent at `sentAt`. */
  goOn(sentAt: number, { first, size }: TokenBlock): void {
    this.lease.confirm(sentAt);
    this.#quantum.renew();
    this.#next = first;
    this.#end = first + size;
  }
}
