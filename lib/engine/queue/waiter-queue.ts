import type { Clock } from '../time/clock.js';
import { Fifo } from './fifo.js';
import type { Lease } from '../lease/lease.js';
import { NO_OBSTACLE, type Obstacle, type Waiter } from './waiter.js';

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
