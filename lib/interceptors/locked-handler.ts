import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { isObservable, type Subscriber, type Subscription } from 'rxjs';
import { Cancellation } from '../engine/cancellation.js';
import type { Lock } from '../interfaces/lock.interface.js';
import type { RedisLockService } from '../redis-lock.service.js';
import { admit, type Admission } from '../with-lock/admission.js';
import { CoveredCall } from '../with-lock/covered-call.js';
import type { LockedMethod } from '../with-lock/locked-method.js';
import { assertKept } from '../with-lock/plain-call.js';
import { HandlerContext } from './handler-context.js';
import { onClientClose } from './client-close.js';
import { endOfStream } from './end-of-stream.js';
import { clientGone } from './transport-error.js';

/** Who gets the result, and how an error of ours is put to them. */
export interface HandlerCaller {
  readonly subscriber: Subscriber<unknown>;
  readonly explain: (error: unknown) => Promise<unknown>;
}

/**
 * One call of a handler under one lock, from the subscription to the release.
 *
 * `acquiring` → `running` (the handler was called) → `done`. The lock outlives the subscription: it is held until the handler's promise has
 * settled and what it returned has ended.
 */
export class LockedHandler {
  readonly #call: CoveredCall;
  readonly #wait = new Cancellation();
  #state: 'acquiring' | 'running' | 'done' = 'acquiring';
  #lock: Lock | undefined;
  #inner: Subscription | undefined;
  /** What a handler that returns one value has returned: it leaves after the lock was given back. */
  #held: { readonly value: unknown } | undefined;
  #released: Promise<void> | undefined;
  #streamEnd: Promise<void> | undefined;

  constructor(
    private readonly method: LockedMethod,
    private readonly execution: ExecutionContext,
    private readonly next: CallHandler,
    private readonly caller: HandlerCaller,
  ) {
    this.#call = new CoveredCall(method, () => {
      if (method.policy.until === 'return') void this.#release();
    });
  }

  /** Acquires, then runs the handler. Errors go to the subscriber. */
  start(service: RedisLockService): void {
    const stopListening = onClientClose(this.execution, () => this.#stopWaiting());
    admit(this.method, service, new HandlerContext(this.execution, this.method.target), this.#wait).then(
      (admission) => {
        stopListening();
        this.#onAdmitted(admission);
      },
      (error: unknown) => {
        stopListening();
        void this.#fail(error);
      },
    );
  }

  /** The subscriber is gone: done, timed out, or its client went away. */
  stop(): void {
    if (this.#state === 'acquiring') return this.#stopWaiting();
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#inner?.unsubscribe();
    void this.#end();
  }

  #stopWaiting(): void {
    this.#wait.cancel(clientGone());
  }

  #onAdmitted(admission: Admission): void {
    if (admission.kind === 'instead') return this.#answerInstead(admission.value);
    this.#lock = admission.kind === 'locked' ? admission.lock : undefined;
    // Acquired in the moment in which the client went away.
    if (this.#wait.aborted) return this.#finish(() => void this.#fail(this.#wait.reason));
    this.#state = 'running';
    this.#call.around(this.#lock, () => this.#subscribe());
  }

  /** As Nest does with what a handler returns. */
  #answerInstead(value: unknown): void {
    const { subscriber } = this.caller;
    this.#state = 'done';
    if (isObservable(value)) {
      subscriber.add(value.subscribe(subscriber));
      return;
    }
    subscriber.next(value);
    subscriber.complete();
  }

  #subscribe(): void {
    this.#inner = this.next.handle().subscribe({
      next: (value) => {
        if (this.method.policy.until === 'complete') this.#streamEnd ??= endOfStream(value, this.execution);
        this.#letGo();
        if (this.#call.returnsMany) this.caller.subscriber.next(value);
        else this.#held = { value };
      },
      error: (error: unknown) => this.#finish(() => this.#passOn(error)),
      complete: () => this.#finish(() => this.#complete()),
    });
  }

  #letGo(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.caller.subscriber.next(held.value);
  }

  #passOn(error: unknown): void {
    this.#letGo();
    this.caller.subscriber.error(error);
  }

  /** Released before the client is answered, so that its next request finds the lock free; but a stream ends only after the answer began. */
  #finish(answer: () => void): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    const ended = this.#end();
    if (this.#streamEnd !== undefined) answer();
    else void ended.then(answer);
  }

  /** Gives the lock back as soon as the method has settled and what it returned was sent. */
  #end(): Promise<void> {
    const work = this.#call.close();
    if (work === undefined && this.#streamEnd === undefined) return this.#release();
    return Promise.all([work, this.#streamEnd]).then(() => this.#release());
  }

  /** Once. */
  #release(): Promise<void> {
    return (this.#released ??= this.#lock?.[Symbol.asyncDispose]() ?? Promise.resolve());
  }

  #complete(): void {
    try {
      if (this.#lock !== undefined) assertKept(this.method, this.#lock);
    } catch (error) {
      void this.#fail(error);
      return;
    }
    this.#letGo();
    this.caller.subscriber.complete();
  }

  async #fail(error: unknown): Promise<void> {
    const { subscriber, explain } = this.caller;
    subscriber.error(await explain(error).catch(() => error));
  }
}
