import { invariant } from '../invariant.js';
import type { Lease, Leases } from '../lease/lease.js';
import type { OrphanSweeper } from '../lease/orphan-sweeper.js';
import type { Clock } from '../time/clock.js';
import { Fifo } from './fifo.js';
import { NO_OBSTACLE, type Obstacle } from './obstacle.js';
import type { Waiter, WaiterOwner } from './waiter.js';

/** The share of the last hold in what is typical. */
const LAST_WEIGHS = 0.25;

export interface QueueContext {
  readonly clock: Clock;
  readonly sweeper: OrphanSweeper;
  readonly maxWaiters: number;
}

/** Has the key that they wait for, or asks for it. */
export interface QueueOwner {
  /** What this process holds of the key. */
  readonly lease: Pick<Lease, 'validUntil'> | undefined;
  /** The last caller that waited was sent away. */
  onDeserted(): void;
}

/** The callers that wait for one key, what is in the way of all of them, and how long those of this process held it that were before them. */
export class WaiterQueue extends Fifo<Waiter> implements WaiterOwner {
  readonly #owner: QueueOwner;
  readonly #context: QueueContext;
  #obstacle: Obstacle = NO_OBSTACLE;
  /** When this process had the key last while a caller waited. */
  #heldAt = -Infinity;
  #heldSince = 0;
  #typicalHold: number | undefined;

  constructor(owner: QueueOwner, context: QueueContext) {
    super();
    this.#owner = owner;
    this.#context = context;
  }

  /** How many may stand in it; more are sent away. */
  get maxWaiters(): number {
    return this.#context.maxWaiters;
  }

  get obstacle(): Obstacle {
    return this.#obstacle;
  }

  /** Milliseconds; a moving mean of those that others waited for, the only ones of which the next caller learns. */
  get typicalHold(): number | undefined {
    return this.#typicalHold;
  }

  /** In the order in which they asked, also for another key before. Behind the first all the same: what that one has asked for may be its already. */
  override add(waiter: Waiter): void {
    let place = this.last;
    while (place !== undefined && place !== this.first && place.request.since > waiter.request.since)
      place = place.previous;
    super.add(waiter, place);
    if (this.#obstacle.kind === 'none' && waiter.request.found !== undefined) this.meet(waiter.request.found);
  }

  /** Lets a caller in: the first. */
  grant(waiter: Waiter, leases: Leases, fencingToken: number): void {
    invariant(waiter === this.first, 'only the head of the queue is let in, the one that asked');
    this.remove(waiter);
    waiter.grant(leases, fencingToken);
  }

  /** Sends a caller away; one that has left already stays as it is. */
  dismiss(waiter: Waiter, reason: unknown): void {
    if (waiter.state !== 'waiting') return;
    this.remove(waiter);
    waiter.refuse(reason);
    if (waiter.isOutcomeUnknown) this.#context.sweeper.sweepAll(waiter.orphans);
    if (this.size === 0) this.#owner.onDeserted();
  }

  /** Sends all callers away, or only those that try once; each is told what is in its way. */
  dismissFor(whom: 'all' | 'single tries'): void {
    if (this.size === 0) return;
    for (const waiter of this.toArray())
      if (whom === 'all' || waiter.triesOnce) this.dismiss(waiter, this.errorFor(waiter));
  }

  onTimeout(waiter: Waiter): void {
    this.dismiss(waiter, this.errorFor(waiter));
  }

  onAbort(waiter: Waiter, reason: unknown): void {
    this.dismiss(waiter, reason);
  }

  /** What is in the way from now on. Each goes on for another time while it is a failure. */
  meet(obstacle: Obstacle): void {
    const isOther = (obstacle.kind === 'failure') !== (this.#obstacle.kind === 'failure');
    this.#obstacle = obstacle;
    if (isOther) for (const waiter of this.toArray()) waiter.face(obstacle);
  }

  /** The error for a caller whose time is up. One that came while this process had the key has found it busy, also when it may be free by now. */
  errorFor(waiter: Waiter): Error {
    const { lease } = this.#owner;
    if (lease !== undefined) return waiter.errorFor({ kind: 'busy', until: lease.validUntil }, this.#typicalHold);
    const wasBusy = this.#obstacle.kind === 'none' && waiter.request.since <= this.#heldAt;
    return waiter.errorFor(wasBusy ? { kind: 'busy', until: undefined } : this.#obstacle, this.#typicalHold);
  }

  /** This process has the key no longer. */
  leaseEnds(): void {
    if (this.size > 0) this.#heldAt = this.#context.clock.now();
  }

  holdBegins(now: number): void {
    this.#heldSince = now;
  }

  holdEnds(now: number): void {
    const took = now - this.#heldSince;
    this.#typicalHold =
      this.#typicalHold === undefined ? took : this.#typicalHold + (took - this.#typicalHold) * LAST_WEIGHS;
  }
}
