/** Is told of an abort. An object costs no closure, but signals made of Node's EventEmitter call functions only. */
export type AbortListener = (() => void) | { handleEvent(): void };

/** What the engine needs of an `AbortSignal`. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: any;
  addEventListener(type: 'abort', listener: AbortListener, options: { once: true }): void;
  removeEventListener(type: 'abort', listener: AbortListener): void;
}

/** Stops one wait. Each request has one, and an `AbortController` costs several times what the rest of taking its lock does. */
export class Cancellation implements StopSignal {
  #state: { readonly reason: unknown } | undefined;
  #listeners: readonly AbortListener[] | undefined;

  get aborted(): boolean {
    return this.#state !== undefined;
  }

  get reason(): unknown {
    return this.#state?.reason;
  }

  addEventListener(_type: 'abort', listener: AbortListener): void {
    this.#listeners = this.#listeners === undefined ? [listener] : [...this.#listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: AbortListener): void {
    const others = this.#listeners?.filter((other) => other !== listener);
    this.#listeners = others?.length === 0 ? undefined : others;
  }

  /** Once; what comes later is too late. */
  cancel(reason: unknown): void {
    if (this.#state !== undefined) return;
    this.#state = { reason };
    for (const listener of this.#listeners ?? []) tell(listener);
  }

  /** For code that needs a real one. */
  toAbortSignal(): AbortSignal {
    const controller = new AbortController();
    const abort = (): void => controller.abort(this.reason);
    if (this.aborted) abort();
    else this.addEventListener('abort', abort);
    return controller.signal;
  }
}

function tell(listener: AbortListener): void {
  if (typeof listener === 'function') listener();
  else listener.handleEvent();
}
