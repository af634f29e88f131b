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

/** One call of a handler by Nest. */
export interface HandlerCall {
  readonly method: LockedMethod;
  readonly execution: ExecutionContext;
  readonly next: CallHandler;
}

/** How an error of ours is put to the caller. */
export type Explain = (execution: ExecutionContext, error: unknown) => Promise<unknown>;

/**
 * One call of a handler under one lock, from the subscription to the release.
 *
 * `acquiring` → `running` (the handler was called) → `done`. The lock outlives the subscription: it is held until the handler's promise has
 * settled and what it returned has ended.
 */
export class LockedHandler {
  readonly #wait = new Cancellation();
  #covered: CoveredCall | undefined;
  #state: 'acquiring' | 'running' | 'done' = 'acquiring';
  #lock: Lock | undefined;
  #inner: Subscription | undefined;
  /** What a handler that returns one value has returned: it leaves after the lock was given back. */
  #held: { readonly value: unknown } | undefined;
  #released: Promise<void> | undefined;
  #streamEnd: Promise<void> | undefined;

  constructor(
    private readonly call: HandlerCall,
    private readonly subscriber: Subscriber<unknown>,
    private readonly explain: Explain,
  ) {}

  /** Acquires, then runs the handler. Errors go to the subscriber. */
  start(service: RedisLockService): void {
    const { method, execution } = this.call;
    const stopListening = onClientClose(execution, () => this.#stopWaiting());
    admit(method, service, new HandlerContext(execution, method.target), this.#wait).then(
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
    const covered = new CoveredCall(this.call.method, this);
    this.#covered = covered;
    covered.around(this.#lock, () => this.#subscribe(covered));
  }

  /** The method has returned, whatever it returned. */
  onReturn(): void {
    if (this.call.method.policy.until === 'return') void this.#release();
  }

  /** As Nest does with what a handler returns. */
  #answerInstead(value: unknown): void {
    const { subscriber } = this;
    this.#state = 'done';
    if (isObservable(value)) {
      subscriber.add(value.subscribe(subscriber));
      return;
    }
    subscriber.next(value);
    subscriber.complete();
  }

  #subscribe(covered: CoveredCall): void {
    const { method, execution, next } = this.call;
    this.#inner = next.handle().subscribe({
      next: (value) => {
        if (method.policy.until === 'complete') this.#streamEnd ??= endOfStream(value, execution);
        this.#letGo();
        if (covered.returnsMany) this.subscriber.next(value);
        else this.#hold(value);
      },
      error: (error: unknown) => this.#finish(() => this.#passOn(error)),
      complete: () => this.#finish(() => this.#complete()),
    });
  }

  /** Whoever returns one value has completed when it is there; unless something beneath us goes on, and then nobody waits for the end. */
  #hold(value: unknown): void {
    const held = { value };
    this.#held = held;
    queueMicrotask(() => {
      if (this.#held === held && this.#state === 'running') this.#letGo();
    });
  }

  #letGo(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.subscriber.next(held.value);
  }

  #passOn(error: unknown): void {
    this.#letGo();
    this.subscriber.error(error);
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
    const work = this.#covered?.close();
    if (work === undefined && this.#streamEnd === undefined) return this.#release();
    return Promise.all([work, this.#streamEnd]).then(() => this.#release());
  }

  /** Once. */
  #release(): Promise<void> {
    return (this.#released ??= this.#lock?.[Symbol.asyncDispose]() ?? Promise.resolve());
  }

  #complete(): void {
    try {
      if (this.#lock !== undefined) assertKept(this.call.method, this.#lock);
    } catch (error) {
      void this.#fail(error);
      return;
    }
    this.#letGo();
    this.subscriber.complete();
  }

  async #fail(error: unknown): Promise<void> {
    this.subscriber.error(await this.explain(this.call.execution, error).catch(() => error));
  }
}
