import { whenSocketsAreRead } from './next-turn.js';

/** How often a connection that answers nothing is asked all the same. */
const PROBE_INTERVAL_MS = 1_000;

/**
 * Tells a connection that takes in everything and answers nothing. What is sent on it stays with the client, for as long as TCP believes in it,
 * and all of it would arrive at once afterwards.
 */
export class Silence {
  #state: 'none' | 'suspected' | 'certain' = 'none';
  /** When the first of the commands was sent since which nothing was heard, on the monotonic clock; `undefined` when there is none. */
  #since: number | undefined;
  #probedAt = 0;

  /**
   * Whether a command may be sent now; if so, it counts as sent.
   *
   * @param limit - milliseconds without a reply after which a connection is suspected.
   */
  admits(now: number, limit: number): boolean {
    if (this.#state !== 'certain') {
      this.#since ??= now;
      if (this.#state === 'none' && now - this.#since > limit) this.#suspect(this.#since);
      return true;
    }
    if (now - this.#probedAt < PROBE_INTERVAL_MS) return false;
    this.#probedAt = now;
    return true;
  }

  /** Something was heard, or the connection is another one. */
  end(): void {
    this.#state = 'none';
    this.#since = undefined;
  }

  /** The reply may lie in the socket of a process that stood still. */
  #suspect(since: number): void {
    this.#state = 'suspected';
    whenSocketsAreRead(() => {
      if (this.#state === 'suspected' && this.#since === since) this.#state = 'certain';
    });
  }
}
