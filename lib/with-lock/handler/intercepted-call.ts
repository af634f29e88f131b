import { findMark, runAgain, runMarked, type Mark, type Scope } from '../../engine/async-scope.js';
import { LockNotHeldError } from '../../errors/lock-not-held.error.js';
import type { Lock } from '../../interfaces/lock.interface.js';
import type { Admission } from '../admission.js';
import type { LockedMethod } from '../locked-method.js';
import { isThenable } from '../thenable.js';

/** On an execution, the innermost call of those that this package's interceptors cover. A property, because a WeakMap is work for every garbage collection. */
const INNERMOST = Symbol('nestjs-redis-lock:innermost-call');

/** The part of Nest's `ExecutionContext` by which a call is known: interceptors share the object, pipes and parameters share its list of arguments. */
export interface Execution {
  [INNERMOST]?: InterceptedCall | undefined;
  getArgs(): readonly unknown[];
}

/** The interceptor's side of a call. */
export interface CallOwner {
  /** The method is called, with the arguments after the pipes. Takes the lock if that is not done; `undefined` when the method may begin at once. */
  enter(args: readonly unknown[]): Promise<Admission> | undefined;

  /** The method has returned a value, a promise or an Observable; not called when it threw. */
  onReturn(): void;
}

/** Runs the method itself, with the lock if it was taken after Nest had resolved the parameters. */
type Body = (late: Lock | undefined) => unknown;

/**
 * The one call of a handler that the interceptor covers with its lock. The interceptor makes it, the method takes it, and what the method returned
 * comes back through it: an Observable that was unsubscribed says nothing about a handler that still runs.
 */
export class InterceptedCall implements Mark {
  /**
   * `expected`: the next call of the method is this one. → `begun`: any further call is one of its own, with a key of its own. → `expected` again when
   * another interceptor, beneath this package's, calls the handler once more. → `over`: no code waits for the call. → `refused`: it was over before it could begin.
   */
  #state: 'expected' | 'begun' | 'over' | 'refused' = 'expected';
  #returnsMany = false;
  /** The work of all calls that run: ends when the last of them does, and never rejects. */
  #work: Promise<void> | undefined;
  scope: Scope | undefined;
  lock: Lock | undefined;

  /** Dropped in the end, as `#execution` is: work that the handler has started and that goes on keeps this call in memory, and must not keep the request. */
  #owner: CallOwner | undefined;
  #execution: Execution | undefined;
  /** The call that a `@WithLock()` above covers. */
  readonly #outer: InterceptedCall | undefined;

  constructor(
    readonly method: LockedMethod,
    execution: Execution,
    owner: CallOwner,
  ) {
    const outer = execution[INNERMOST];
    this.#outer = outer?.isClosed === true ? undefined : outer;
    this.#execution = execution;
    this.#owner = owner;
    execution[INNERMOST] = this;
  }

  /** The call of `method` that the running code was to make; not a call within that one: a method that calls itself needs a lock of its own. */
  static take(method: LockedMethod): InterceptedCall | undefined {
    return findMark(
      (mark): mark is InterceptedCall => mark instanceof InterceptedCall && mark.method === method && mark.#isWaitedFor,
    );
  }

  /** Whether another interceptor of this package takes care of the lock of `method` in the same execution. */
  static covers(execution: Execution, method: LockedMethod): boolean {
    for (let call = execution[INNERMOST]; call !== undefined; call = call.#outer)
      if (call.method === method && !call.isClosed) return true;
    return false;
  }

  /** Runs `body`, which calls the handler, in the async context of the calls that cover it, and has them expect it. */
  static handOver<T>(execution: Execution, body: () => T): T {
    const innermost = execution[INNERMOST];
    if (innermost === undefined) return body();
    for (let call: InterceptedCall | undefined = innermost; call !== undefined; call = call.#outer) call.#expect();
    const isHere = findMark((mark): mark is InterceptedCall => mark === innermost) !== undefined;
    return isHere ? body() : runAgain(innermost, body);
  }

  /** The calls that cover the running code and have these arguments of a transport, the innermost first. */
  static *of(args: readonly unknown[]): Iterable<InterceptedCall> {
    let call = findMark((mark): mark is InterceptedCall => mark instanceof InterceptedCall && mark.#isOf(args));
    for (; call !== undefined; call = call.#outer) yield call;
  }

  /** Whether the method returned an Observable, whose values come one by one. */
  get returnsMany(): boolean {
    return this.#returnsMany;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  get isClosed(): boolean {
    return this.#state === 'over' || this.#state === 'refused';
  }

  /** Whether the next call of the method is this one. A refused call counts: it must not begin any more, but say so. */
  get #isWaitedFor(): boolean {
    return this.#state === 'expected' || this.#state === 'refused';
  }

  /** Runs `body`, in which the method is going to be called. */
  around<T>(body: () => T): T {
    return runMarked(this, body);
  }

  /** Runs the method itself. */
  run(args: readonly unknown[], body: Body): unknown {
    // An outer timeout has answered the request before its handler began: now it must not begin without the lock.
    if (this.#state === 'refused') throw this.#refusal();
    this.#state = 'begun';
    // Another interceptor gave up a call that still runs: only one may run at a time.
    if (this.#work !== undefined) return this.#watch(this.#work.then(() => this.#enter(args, body)));
    return this.#watch(this.#enter(args, body));
  }

  /** Ends the call for those who waited for it. The promise, if there is one, resolves when the method, which still runs, has settled. */
  close(): Promise<void> | undefined {
    this.#state = this.#isWaitedFor ? 'refused' : 'over';
    if (this.#work !== undefined) return this.#work.then(() => this.#drop());
    this.#drop();
    return undefined;
  }

  #enter(args: readonly unknown[], body: Body): unknown {
    const admission = this.#owner?.enter(args);
    if (admission === undefined) return body(undefined);
    return admission.then((admitted) => {
      if (admitted.kind === 'instead') return admitted.value;
      return body(admitted.kind === 'locked' ? admitted.lock : undefined);
    });
  }

  #watch(outcome: unknown): unknown {
    const result = once(outcome);
    this.#returnsMany = isSubscribable(result);
    const work = Promise.resolve(isThenable(result) ? result : undefined).then(
      (value) => {
        this.#returnsMany ||= isSubscribable(value);
        if (this.#work === work) this.#work = undefined;
        this.#owner?.onReturn();
      },
      () => {
        // An interceptor may call a handler again that failed, so the owner does not hear of the failure.
        if (this.#work === work) this.#work = undefined;
      },
    );
    this.#work = work;
    return result;
  }

  #expect(): void {
    if (this.#state === 'begun') this.#state = 'expected';
    else if (this.#state === 'over') this.#state = 'refused';
  }

  #isOf(args: readonly unknown[]): boolean {
    return this.#execution?.getArgs().every((arg, index) => arg === args[index]) === true;
  }

  #refusal(): Error {
    this.#state = 'over';
    return LockNotHeldError.afterAnswer(this.method.target);
  }

  #drop(): void {
    this.#owner = undefined;
    this.#execution = undefined;
  }
}

/** Makes one promise of what a method returned: a library's lazy query runs each time that it is awaited, and here it is awaited twice. */
function once(result: unknown): unknown {
  return isThenable(result) && !(result instanceof Promise) ? Promise.resolve(result) : result;
}

function isSubscribable(value: unknown): boolean {
  return typeof (value as { subscribe?: unknown } | null | undefined)?.subscribe === 'function';
}
