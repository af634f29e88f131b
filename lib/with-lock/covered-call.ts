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
  /** `open` → `running` → `open`, as often as an interceptor beneath ours calls the handler, → `over`. */
  #state: 'open' | 'running' | 'over' = 'open';
  #hasRun = false;
  #work: Promise<unknown> | undefined;
  #onReturn: () => void = () => undefined;

  /** Resolves when the method has returned, whatever it returned. */
  readonly returned = new Promise<void>((resolve) => (this.#onReturn = resolve));

  constructor(readonly method: LockedMethod) {}

  /** The call of `method` that covers the running code; not one that is within it: who calls itself needs a lock of its own. */
  static take(method: LockedMethod): CoveredCall | undefined {
    for (let cover = covers.getStore(); cover !== undefined; cover = cover.outer) {
      const { call } = cover;
      // Of those that are over, one that never began must not begin now; after any other the method is called anew.
      if (call.method === method && (call.#state === 'open' || (call.#state === 'over' && !call.#hasRun))) return call;
    }
    return undefined;
  }

  /** Whether the lock of `method` is taken already for the handler that is about to run. */
  static covers(method: LockedMethod): boolean {
    return CoveredCall.take(method) !== undefined;
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
    if (this.#state === 'over') throw new LockClosedError();
    this.#state = 'running';
    this.#hasRun = true;
    try {
      const result = body();
      this.#work = Promise.resolve(isThenable(result) ? result : undefined);
      this.#work.then(
        () => this.#settle('returned'),
        () => this.#settle('failed'),
      );
      return result;
    } catch (error) {
      this.#settle('failed');
      throw error;
    }
  }

  /** Nobody waits for the call any more. Resolves when the method, if it began, has settled. */
  async close(): Promise<void> {
    if (this.#state !== 'running') this.#state = 'over';
    await this.#work?.catch(() => undefined);
    this.#state = 'over';
  }

  /** A handler that failed may be called again, so `until: 'return'` does not end its lock; when nobody does, the end of the call ends it. */
  #settle(outcome: 'returned' | 'failed'): void {
    const isLast = outcome === 'returned' && this.method.policy.until === 'return';
    if (this.#state === 'running') this.#state = isLast ? 'over' : 'open';
    if (outcome === 'returned') this.#onReturn();
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
