import { Fifo } from './fifo.js';
import { NO_OBSTACLE, type Obstacle, type Waiter } from './waiter.js';

/** Those who wait for one key, and what is in the way of all of them. */
export class WaiterQueue extends Fifo<Waiter> {
  #obstacle: Obstacle = NO_OBSTACLE;

  get obstacle(): Obstacle {
    return this.#obstacle;
  }

  /** What is in the way from now on. Each goes on for another time while it is a failure. */
  meet(obstacle: Obstacle): void {
    const isOther = (obstacle.kind === 'failure') !== (this.#obstacle.kind === 'failure');
    this.#obstacle = obstacle;
    if (isOther) for (const waiter of this.toArray()) waiter.face(obstacle);
  }
}
