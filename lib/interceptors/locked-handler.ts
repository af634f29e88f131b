import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { isObservable, type Subscriber, type Subscription } from 'rxjs';
import { runHolding } from '../engine/lock-context.js';
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
  readonly #stopWaiting = new AbortController();
  #state: 'acquiring' | 'running' | 'done' = 'acquiring';
  #inner: Subscription | undefined;
  #release: (() => Promise<void>) | undefined;
  #streamEnd: Promise<void> | undefined;

  constructor(
    private readonly method: LockedMethod,
    private readonly execution: ExecutionContext,
    private readonly next: CallHandler,
    private readonly caller: HandlerCaller,
  ) {
    this.#call = new CoveredCall(method);
  }

  /** Acquires, then runs the handler. Never rejects: errors go to the subscriber. */
  async start(service: RedisLockService): Promise<void> {
    let admission: Admission;
    try {
      admission = await this.#admit(service);
    } catch (error) {
      return this.#fail(error);
    }
    this.#run(admission);
  }

  /** The subscriber is gone: done, timed out, or its client went away. */
  async stop(): Promise<void> {
    if (this.#state === 'acquiring') return this.#stopWaiting.abort(clientGone());
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#inner?.unsubscribe();
    await this.#call.close();
    await this.#streamEnd;
    await this.#release?.();
  }

  async #admit(service: RedisLockService): Promise<Admission> {
    const { signal } = this.#stopWaiting;
    const stopListening = onClientClose(this.execution, () => this.#stopWaiting.abort(clientGone()));
    try {
      const context = new HandlerContext(this.execution, this.method.target);
      const admission = await admit(this.method, service, context, signal);
      if (!signal.aborted) return admission;
      // Acquired in the moment in which the client went away.
      if (admission.kind === 'locked') await admission.lock[Symbol.asyncDispose]();
      throw signal.reason;
    } finally {
      stopListening();
    }
  }

  #run(admission: Admission): void {
    if (admission.kind === 'instead') return this.#answerInstead(admission.value);
    this.#state = 'running';
    const lock = admission.kind === 'locked' ? admission.lock : undefined;
    this.#release = once(async () => lock?.[Symbol.asyncDispose]());
    if (this.method.policy.until === 'return') void this.#call.returned.then(this.#release);
    const run = (): void => this.#subscribe(lock);
    this.#call.around(() => (lock === undefined ? run() : runHolding(lock, run)));
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

  #subscribe(lock: Lock | undefined): void {
    this.#inner = this.next.handle().subscribe({
      next: (value) => {
        if (this.method.policy.until === 'complete') this.#streamEnd ??= endOfStream(value, this.execution);
        this.caller.subscriber.next(value);
      },
      error: (error: unknown) => void this.#finish(() => this.caller.subscriber.error(error)),
      complete: () => void this.#finish(() => void this.#complete(lock)),
    });
  }

  async #complete(lock: Lock | undefined): Promise<void> {
    try {
      if (lock !== undefined) assertKept(this.method, lock);
    } catch (error) {
      return this.#fail(error);
    }
    this.caller.subscriber.complete();
  }

  async #fail(error: unknown): Promise<void> {
    const { subscriber, explain } = this.caller;
    subscriber.error(await explain(error).catch(() => error));
  }

  /** Released before the client is answered, so that its next request finds the lock free; but a stream ends only after the answer began. */
  async #finish(answer: () => void): Promise<void> {
    if (this.#state === 'done') return;
    this.#state = 'done';
    if (this.#streamEnd !== undefined) answer();
    await this.#call.close();
    await this.#streamEnd;
    await this.#release?.();
    if (this.#streamEnd === undefined) answer();
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
