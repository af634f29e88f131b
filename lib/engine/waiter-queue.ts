import { Fifo } from './fifo.js';
import { NO_OBSTACLE, type Obstacle, type Waiter } from './waiter.js';

/** The share of the last hold in what is typical. */
const LAST_WEIGHS = 0.25;

/** Those who wait for one key, what is in the way of all of them, and how long those of this process hold it who were before them. */
export class WaiterQueue extends Fifo<Waiter> {
  #obstacle: Obstacle = NO_OBSTACLE;
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

  holdBegins(now: number): void {
    this.#heldSince = now;
  }

  holdEnds(now: number): void {
    const took = now - this.#heldSince;
    this.#typicalHold = this.#typicalHold === undefined ? took : this.#typicalHold + (took - this.#typicalHold) * LAST_WEIGHS;
  }
}
