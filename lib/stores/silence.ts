import { whenSocketsAreRead } from './next-turn.js';

/** How often a command is sent all the same on a connection that answers nothing. */
const PROBE_INTERVAL_MS = 1_000;

/**
 * Notices a connection that takes in everything and answers nothing. The client keeps what is sent on it for as long as TCP believes in it, and all of it
 * would arrive at once afterwards.
 */
export class Silence {
  #state: 'none' | 'suspected' | 'certain' = 'none';
  /** When the first command was sent since the server was last heard of, on the monotonic clock; `undefined` when there is none. */
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

  /** The server was heard of, or the connection is a new one. */
  end(): void {
    this.#state = 'none';
    this.#since = undefined;
  }

  /** Waits for the sockets to be read: a process that stood still may have its replies there. */
  #suspect(since: number): void {
    this.#state = 'suspected';
    whenSocketsAreRead(() => {
      if (this.#state === 'suspected' && this.#since === since) this.#state = 'certain';
    });
  }
}
