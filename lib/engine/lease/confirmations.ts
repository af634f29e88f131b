import { DRIFT_FACTOR, DRIFT_FIXED_MS } from '../../redis-lock.constants.js';

/** A command that lets a lease last `ttl` milliseconds from when it comes to Redis. */
export interface Renewal {
  /** Its place among all that were sent for the lease, from 1. */
  readonly turn: number;
  /** On the monotonic clock. */
  readonly sentAt: number;
  readonly ttl: number;
}

const NONE: readonly Renewal[] = [];

/** The instant, on the monotonic clock, until which a lease surely lasts that was started by a command sent at `sentAt`. */
export function validity(sentAt: number, ttl: number): number {
  return sentAt + ttl - ttl * DRIFT_FACTOR - DRIFT_FIXED_MS;
}

/** Until when a lease surely lasts: what this process has sent for it, and what of that Redis has confirmed. */
export class Confirmations {
  #validUntil: number;
  #sent = 0;
  #confirmed = 0;
  /** Those that make the lease shorter, and may come to Redis yet: unanswered, or given up by the client. */
  #shortenings = NONE;

  /** `sentAt`: of the command that has acquired the lease. */
  constructor(sentAt: number, ttl: number) {
    this.#validUntil = validity(sentAt, ttl);
  }

  /** On the monotonic clock. */
  get validUntil(): number {
    return this.#validUntil;
  }

  /** How many commands were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether the last command is not confirmed. */
  get isAwaited(): boolean {
    return this.#sent > this.#confirmed;
  }

  /** The length of the lease, if it is `ttl` now and each shortening that may come does so. */
  shortest(ttl: number): number {
    return this.#shortenings.reduce((least, other) => Math.min(least, other.ttl), ttl);
  }

  /** A command is sent now. One that shortens the lease counts at once: its reply may be lost, or come after those of longer ones that were sent before. */
  send(sentAt: number, ttl: number, shortens: boolean): Renewal {
    this.#sent += 1;
    const renewal = { turn: this.#sent, sentAt, ttl };
    if (shortens) {
      this.#shortenings = [...this.#shortenings, renewal];
      this.#validUntil = Math.min(this.#validUntil, validity(sentAt, ttl));
    }
    return renewal;
  }

  /** The command has come to Redis, or never will. */
  settle(renewal: Renewal): void {
    if (this.#shortenings.length > 0) this.#shortenings = this.#shortenings.filter((other) => other !== renewal);
  }

  /**
   * Redis has confirmed the command. Tells whether that counts: the late reply of an older one says nothing. What shortens the lease and is not answered may
   * come before this command or after it, so the lease then lasts so long from the sending of the later one.
   */
  confirm({ turn, sentAt, ttl }: Renewal): boolean {
    if (turn < this.#confirmed) return false;
    this.#confirmed = turn;
    this.#validUntil = this.#shortenings.reduce(
      (least, other) => Math.min(least, validity(Math.max(sentAt, other.sentAt), other.ttl)),
      validity(sentAt, ttl),
    );
    return true;
  }
}
