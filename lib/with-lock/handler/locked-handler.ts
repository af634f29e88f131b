import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { isObservable, type Subscriber, type Subscription } from 'rxjs';
import type { Lock } from '../../interfaces/lock.interface.js';
import type { RedisLockService } from '../../redis-lock.service.js';
import type { Admission } from '../admission.js';
import { InterceptedCall, type CallOwner } from './intercepted-call.js';
import type { LockedMethod } from '../locked-method.js';
import { endOfStream } from './end-of-stream.js';
import { needsArguments } from './handler-context.js';
import { HandlerLock } from './handler-lock.js';

const NOTHING = Promise.resolve();

/** One call of a handler by Nest. */
export interface HandlerCall {
  readonly method: LockedMethod;
  readonly execution: ExecutionContext;
  readonly next: CallHandler;
}

/** How an error of ours is put to the caller. */
export type Explain = (execution: ExecutionContext, error: unknown) => Promise<unknown>;

/**
 * One call of a handler under its lock, from the subscription to the release.
 *
 * `acquiring` → `running` (the handler was called; a key that is made of arguments is locked only then) → `done`. The lock outlives the subscription:
 * it is held until the handler's promise has settled and what it returned has ended.
 */
export class LockedHandler implements CallOwner {
  readonly #lock: HandlerLock;
  #intercepted: InterceptedCall | undefined;
  #state: 'acquiring' | 'running' | 'done' = 'acquiring';
  #inner: Subscription | undefined;
  /** What a handler that returns one value has returned: it leaves after the lock was given back. */
  #held: { readonly value: unknown } | undefined;
  #streamEnd: Promise<void> | undefined;

  constructor(
    private readonly call: HandlerCall,
    service: RedisLockService,
    private readonly subscriber: Subscriber<unknown>,
    private readonly explain: Explain,
  ) {
    this.#lock = new HandlerLock(call.method, call.execution, service);
  }

  /** Acquires, then runs the handler. Errors go to the subscriber. */
  start(): void {
    if (this.call.method.keys.needsArguments) return this.#run();
    void this.#lock.take(
      undefined,
      (admission) => this.#onAdmitted(admission),
      (error) => (needsArguments(error) ? this.#run() : void this.#fail(error)),
    );
  }

  /** The subscriber is gone: done, timed out, or its client went away. */
  stop(): void {
    if (this.#state === 'acquiring') return this.#lock.stopWaiting();
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#inner?.unsubscribe();
    void this.#end();
  }

  /** The pipes are through: what the method is called with is known. */
  enter(args: readonly unknown[]): Promise<Admission> | undefined {
    if (!this.#lock.isNeededFor(args)) return undefined;
    return this.#lock.take<Admission>(
      args,
      (admission) => {
        if (this.#intercepted !== undefined) this.#intercepted.lock = lockOf(admission);
        return admission;
      },
      async (error) => {
        throw await this.#explained(error);
      },
    );
  }

  /** The method has returned, whatever it returned. */
  onReturn(): void {
    if (this.call.method.policy.until === 'return') void this.#lock.release();
  }

  #onAdmitted(admission: Admission): void {
    if (admission.kind === 'instead') this.#answerInstead(admission.value);
    else this.#run(admission);
  }

  #run(admission?: Admission): void {
    const { method, execution } = this.call;
    this.#state = 'running';
    const intercepted = new InterceptedCall(method, execution, this);
    intercepted.lock = lockOf(admission);
    this.#intercepted = intercepted;
    intercepted.around(() => this.#subscribe(intercepted));
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

  #subscribe(intercepted: InterceptedCall): void {
    const { method, execution, next } = this.call;
    this.#inner = next.handle().subscribe({
      next: (value) => {
        if (method.policy.until === 'complete') this.#streamEnd ??= endOfStream(value, execution);
        this.#letGo();
        if (intercepted.returnsMany) this.subscriber.next(value);
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
    // Not queueMicrotask(), which makes an AsyncResource for each.
    void NOTHING.then(() => {
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
    this.#lock.stopWaiting();
    const work = this.#intercepted?.close();
    if (work === undefined && this.#streamEnd === undefined) return this.#lock.release();
    return Promise.all([work, this.#streamEnd]).then(() => this.#lock.release());
  }

  #complete(): void {
    try {
      this.#lock.assertKept();
    } catch (error) {
      void this.#fail(error);
      return;
    }
    this.#letGo();
    this.subscriber.complete();
  }

  async #fail(error: unknown): Promise<void> {
    this.subscriber.error(await this.#explained(error));
  }

  #explained(error: unknown): Promise<unknown> {
    return this.explain(this.call.execution, error).catch(() => error);
  }
}

function lockOf(admission: Admission | undefined): Lock | undefined {
  return admission?.kind === 'locked' ? admission.lock : undefined;
}
