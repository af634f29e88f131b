import { findMark, runMarked, type Mark } from '../engine/lock-context.js';
import { LockNotHeldError } from '../errors/lock-not-held.error.js';
import type { Lock } from '../interfaces/lock.interface.js';
import type { LockedMethod } from './locked-method.js';

export interface CallOwner {
  /** The method has returned, whatever it returned; not when it failed. */
  onReturn(): void;
}

/**
 * The one call of a handler for which the interceptor has already taken the lock. The interceptor makes it, the method takes it, and what the
 * method returned comes back through it: an Observable that was unsubscribed says nothing about a handler that still runs.
 */
export class CoveredCall implements Mark {
  /** `open` → `running` → `open`, as often as an interceptor beneath ours calls the handler, → `over`. */
  #state: 'open' | 'running' | 'over' = 'open';
  #hasRun = false;
  #returnsMany = false;
  /** Ends when the method does; never rejects. */
  #work: Promise<void> | undefined;

  /** Dropped in the end: whatever the handler has started, and goes on, keeps this call, and must not keep the request. */
  #owner: CallOwner | undefined;

  constructor(
    readonly method: LockedMethod,
    owner: CallOwner,
  ) {
    this.#owner = owner;
  }

  /** The call of `method` that covers the running code; not one that is within it: who calls itself needs a lock of its own. */
  static take(method: LockedMethod): CoveredCall | undefined {
    return findMark((mark): mark is CoveredCall => mark instanceof CoveredCall && mark.method === method && mark.#isFree);
  }

  /** Whether the lock of `method` is taken already for the handler that is about to run. */
  static covers(method: LockedMethod): boolean {
    return CoveredCall.take(method) !== undefined;
  }

  /** Whether the running code is in a call that an interceptor of ours covers. */
  static get isActive(): boolean {
    return findMark((mark) => mark instanceof CoveredCall) !== undefined;
  }

  /** Whether the method returned an Observable, whose values come one by one. */
  get returnsMany(): boolean {
    return this.#returnsMany;
  }

  get isOver(): boolean {
    return this.#state === 'over' && this.#hasRun;
  }

  /** Of those that are over, one that never began must not begin now; after any other the method is called anew. */
  get #isFree(): boolean {
    return this.#state !== 'running' && !this.isOver;
  }

  /** Runs `body`, in which the method is going to be called, with its lock. */
  around<T>(lock: Lock | undefined, body: () => T): T {
    return runMarked(this, lock, body);
  }

  /** Runs the method itself. */
  run(body: () => unknown): unknown {
    // An outer timeout, say: it must not begin now, without the lock.
    if (this.#state === 'over') throw LockNotHeldError.afterAnswer(this.method.target);
    this.#state = 'running';
    this.#hasRun = true;
    try {
      const result = once(body());
      this.#returnsMany = isSubscribable(result);
      this.#work = Promise.resolve(isThenable(result) ? result : undefined).then(
        (value) => {
          this.#returnsMany ||= isSubscribable(value);
          this.#settle('returned');
        },
        () => this.#settle('failed'),
      );
      return result;
    } catch (error) {
      this.#settle('failed');
      throw error;
    }
  }

  /** Nobody waits for the call any more. What it returns, if anything, resolves when the method, which still runs, has settled. */
  close(): Promise<void> | undefined {
    if (this.#state === 'running') return this.#work?.then(() => this.#end());
    this.#end();
    return undefined;
  }

  #end(): void {
    this.#state = 'over';
    this.#owner = undefined;
  }

  /** A handler that failed may be called again, so `until: 'return'` does not end its lock; when nobody does, the end of the call ends it. */
  #settle(outcome: 'returned' | 'failed'): void {
    const isLast = outcome === 'returned' && this.method.policy.until === 'return';
    if (this.#state === 'running') this.#state = isLast ? 'over' : 'open';
    if (outcome === 'returned') this.#owner?.onReturn();
  }
}

/** The query of a library may run each time that somebody waits for it, and here two do. */
function once(result: unknown): unknown {
  return isThenable(result) && !(result instanceof Promise) ? Promise.resolve(result) : result;
}

function isSubscribable(value: unknown): boolean {
  return typeof (value as { subscribe?: unknown } | null | undefined)?.subscribe === 'function';
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
