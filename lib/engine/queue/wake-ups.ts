import type { LockStore } from '../lock-store.interface.js';

/** Contends again when woken. */
export interface Sleeper {
  /**
   * The key may be free. Or wake-ups arrive from now on, and those before may be lost; or they arrive no longer, so that the process has to say when
   * it comes again.
   */
  wake(): void;
}

export interface WakeUpsInit {
  readonly store: LockStore;
  /** What sleeps for a key. */
  readonly sleeperFor: (key: string) => Sleeper | undefined;
  readonly sleepers: () => Iterable<Sleeper>;
  /** Told once when the server refuses the inbox for good. */
  readonly onRefused: (refusal: Error) => void;
  /** Told once when the inbox could not be opened again and again. */
  readonly onTrouble: (error: Error) => void;
}

/** The inbox of this process: opened by the first caller who has to wait, then shared by all keys. */
export class WakeUps {
  readonly #init: WakeUpsInit;
  #state: 'unopened' | 'opening' | 'open' | 'refused' = 'unopened';

  constructor(init: WakeUpsInit) {
    this.#init = init;
  }

  /** Whether wake-ups arrive. Where they do not, waiting is polling. */
  get arrive(): boolean {
    return this.#state === 'open';
  }

  /** Opens the inbox, if that has not been done yet. */
  open(): void {
    if (this.#state !== 'unopened') return;
    this.#state = 'opening';
    this.#init.store.listen({
      onWake: (key) => this.#onWake(key),
      onOpen: () => this.#change('open'),
      onClosed: (refusal) => this.#onClosed(refusal),
      onTrouble: (error) => this.#init.onTrouble(error),
    });
  }

  #onWake(key: string): void {
    const sleeper = this.#init.sleeperFor(key);
    if (sleeper !== undefined) return sleeper.wake();
    // All callers that waited have gone: the next process must not wait for this one.
    this.#init.store.leave(key).catch(() => undefined);
  }

  #onClosed(refusal: Error | undefined): void {
    if (refusal !== undefined) this.#init.onRefused(refusal);
    this.#change(refusal === undefined ? 'opening' : 'refused');
  }

  #change(state: 'opening' | 'open' | 'refused'): void {
    this.#state = state;
    for (const sleeper of [...this.#init.sleepers()]) sleeper.wake();
  }
}
