import { AsyncLocalStorage } from 'node:async_hooks';
import { LockClosedError } from '../errors/lock-closed.error.js';
import type { LockedMethod } from './locked-method.js';

interface Cover {
  readonly call: CoveredCall;
  readonly outer: Cover | undefined;
}

const covers = new AsyncLocalStorage<Cover>();

/**
 * The one call of a handler for which the interceptor has already taken the lock. The interceptor makes it, the method takes it, and what the
 * method returned comes back through it: an Observable that was unsubscribed says nothing about a handler that still runs.
 */
export class CoveredCall {
  /** `returned`: the method has run, and may run again: an interceptor may retry it. */
  #state: 'open' | 'running' | 'returned' | 'closed' = 'open';
  #work: Promise<unknown> | undefined;
  #onReturn: () => void = () => undefined;

  /** Resolves when the method has returned, whatever it returned. */
  readonly returned = new Promise<void>((resolve) => (this.#onReturn = resolve));

  constructor(readonly method: LockedMethod) {}

  /** The call of `method` that covers the running code; not one that is within it: who calls itself needs a lock of its own. */
  static take(method: LockedMethod): CoveredCall | undefined {
    for (let cover = covers.getStore(); cover !== undefined; cover = cover.outer) {
      const { call } = cover;
      if (call.method === method && call.#state !== 'running') return call;
    }
    return undefined;
  }

  /** Whether the running code is in a call that an interceptor of ours covers. */
  static get isActive(): boolean {
    return covers.getStore() !== undefined;
  }

  /** Runs `body`, in which the method is going to be called. */
  around<T>(body: () => T): T {
    return covers.run({ call: this, outer: covers.getStore() }, body);
  }

  /** Runs the method itself. */
  run(body: () => unknown): unknown {
    // The request was answered before its handler began (an outer timeout): it must not begin now, without the lock.
    if (this.#state === 'closed') throw new LockClosedError();
    this.#state = 'running';
    try {
      const result = body();
      this.#work = Promise.resolve(isThenable(result) ? result : undefined);
      this.#work.then(this.#hasReturned, this.#hasReturned);
      return result;
    } catch (error) {
      this.#hasReturned();
      throw error;
    }
  }

  /** Nobody waits for the call any more. Resolves when the method, if it began, has settled. */
  async close(): Promise<void> {
    if (this.#state !== 'running') this.#state = 'closed';
    await this.#work?.catch(() => undefined);
    this.#state = 'closed';
  }

  readonly #hasReturned = (): void => {
    if (this.#state === 'running') this.#state = 'returned';
    this.#onReturn();
  };
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
