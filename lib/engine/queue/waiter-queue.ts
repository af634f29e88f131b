import type { Clock } from '../time/clock.js';
import { Fifo } from './fifo.js';
import type { Lease, Leases } from '../lease/lease.js';
import { NO_OBSTACLE, type Obstacle, type Waiter } from './waiter.js';

const NOBODY: readonly Waiter[] = [];

/** The share of the last hold in what is typical. */
const LAST_WEIGHS = 0.25;

/** Those who wait for one key, what is in the way of all of them, and how long those of this process hold it who were before them. */
export class WaiterQueue extends Fifo<Waiter> {
  #obstacle: Obstacle = NO_OBSTACLE;
  /** When the key was ours last while one waited. */
  #heldAt = -Infinity;
  #heldSince = 0;
  #typicalHold: number | undefined;

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

  grant(waiter: Waiter, leases: Leases, fencingToken: number): void {
    this.remove(waiter);
    waiter.grant(leases, fencingToken);
  }

  refuse(waiter: Waiter, reason: unknown): void {
    this.remove(waiter);
    waiter.refuse(reason);
  }

  thatTryOnce(): readonly Waiter[] {
    return this.size === 0 ? NOBODY : this.toArray().filter(({ triesOnce }) => triesOnce);
  }

  /** What is in the way from now on. Each goes on for another time while it is a failure. */
  meet(obstacle: Obstacle): void {
    const isOther = (obstacle.kind === 'failure') !== (this.#obstacle.kind === 'failure');
    this.#obstacle = obstacle;
    if (isOther) for (const waiter of this.toArray()) waiter.face(obstacle);
  }

  /** The error for a caller whose time is up. One that came while the key was ours has found it busy, also when it is nobody's now as far as we know. */
  errorFor(waiter: Waiter, lease: Pick<Lease, 'validUntil'> | undefined): Error {
    if (lease !== undefined) return waiter.errorFor({ kind: 'busy', until: lease.validUntil }, this.#typicalHold);
    const wasBusy = this.#obstacle.kind === 'none' && waiter.request.since <= this.#heldAt;
    return waiter.errorFor(wasBusy ? { kind: 'busy', until: undefined } : this.#obstacle, this.#typicalHold);
  }

  /** The key is not ours any more. */
  leaseEnds(clock: Clock): void {
    if (this.size > 0) this.#heldAt = clock.now();
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
