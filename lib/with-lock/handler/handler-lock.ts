import type { ExecutionContext } from '@nestjs/common';
import { Cancellation } from '../../engine/cancellation.js';
import type { Lock } from '../../interfaces/lock.interface.js';
import type { RedisLockService } from '../../redis-lock.service.js';
import { admit, type Admission } from '../admission.js';
import type { LockedMethod } from '../locked-method.js';
import { assertKept } from '../plain/plain-call.js';
import { onClientClose } from './client-close.js';
import { HandlerContext } from './handler-context.js';
import { clientGone } from './transport-error.js';

const NOTHING = Promise.resolve();

/** The lock of one call of a handler, taken before the pipes or, with the arguments of the method, after them. A client that goes away leaves the queue. */
export class HandlerLock {
  readonly #wait = new Cancellation();
  #state: 'none' | 'waiting' | 'before pipes' | 'after pipes' | 'given back' = 'none';
  /** More than one when an interceptor had the handler called again, with arguments that make another key. */
  readonly #locks: Lock[] = [];
  #last: Lock | undefined;
  #released: Promise<void> = NOTHING;

  constructor(
    private readonly method: LockedMethod,
    private readonly execution: ExecutionContext,
    private readonly service: RedisLockService,
  ) {}

  /** Takes it, with the arguments of the method or, if there are none yet, without. What comes of it is told in the same turn. */
  take<T>(
    args: readonly unknown[] | undefined,
    onAdmitted: (admission: Admission) => T,
    onRefused: (error: unknown) => T | Promise<T>,
  ): Promise<T> {
    const { method, execution } = this;
    this.#state = 'waiting';
    const stopListening = onClientClose(execution, () => this.stopWaiting());
    return admit(method, this.service, new HandlerContext(execution, method.target, args), this.#wait).then(
      (admission) => {
        stopListening();
        this.#state = args === undefined ? 'before pipes' : 'after pipes';
        this.#last = admission.kind === 'locked' ? admission.lock : undefined;
        if (this.#last !== undefined) this.#locks.push(this.#last);
        if (!this.#wait.aborted) return onAdmitted(admission);
        // Acquired in the moment in which the client went away.
        void this.release();
        return onRefused(this.#wait.reason);
      },
      (error: unknown) => {
        stopListening();
        this.#state = 'none';
        return onRefused(error);
      },
    );
  }

  /** Whether it must be taken before the method is called with these arguments. */
  isNeededFor(args: readonly unknown[]): boolean {
    if (this.#state === 'before pipes') return false;
    return this.#state !== 'after pipes' || !this.#hasKeysOf(args);
  }

  /** An interceptor had the handler called again. */
  #hasKeysOf(args: readonly unknown[]): boolean {
    const { keys, target } = this.method;
    try {
      const wanted = [keys.keysOf(new HandlerContext(this.execution, target, args))].flat();
      return wanted.every((key) => this.#last?.keys.includes(key) === true);
    } catch {
      return false;
    }
  }

  stopWaiting(): void {
    if (this.#state === 'waiting') this.#wait.cancel(clientGone());
  }

  /** @throws {LockLostError} when it was lost, and the decorator says that this takes the place of a result. */
  assertKept(): void {
    if (this.#last !== undefined) assertKept(this.method, this.#last);
  }

  /** Once for each time that it was taken. */
  release(): Promise<void> {
    this.#state = 'given back';
    if (this.#locks.length > 0) this.#released = giveBack(this.#locks.splice(0));
    return this.#released;
  }
}

function giveBack(locks: readonly Lock[]): Promise<void> {
  const [first] = locks;
  if (first !== undefined && locks.length === 1) {
    const given = first[Symbol.asyncDispose]() as Promise<void> | undefined;
    // A mock may give nothing to wait for.
    return given ?? NOTHING;
  }
  return Promise.all(locks.map((lock) => lock[Symbol.asyncDispose]())).then(() => undefined);
}
