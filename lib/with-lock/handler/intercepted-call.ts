import { findMark, runAgain, runMarked, type Mark, type Scope } from '../../engine/async-scope.js';
import { LockNotHeldError } from '../../errors/lock-not-held.error.js';
import type { Lock } from '../../interfaces/lock.interface.js';
import type { Admission } from '../admission.js';
import type { LockedMethod } from '../locked-method.js';
import { isThenable } from '../thenable.js';

/** On an execution, the innermost call of those that an interceptor of ours covers. A property, because a WeakMap is work for every garbage collection. */
const INNERMOST = Symbol('nestjs-redis-lock:innermost-call');

/** The part of Nest's `ExecutionContext` by which a call is known: one object for all interceptors, one list of arguments for all else. */
export interface Execution {
  [INNERMOST]?: InterceptedCall | undefined;
  getArgs(): readonly unknown[];
}

/** The interceptor's side of a call. */
export interface CallOwner {
  /** Called with the arguments after the pipes. Takes the lock if that is not done; `undefined` when the method may begin at once. */
  enter(args: readonly unknown[]): Promise<Admission> | undefined;

  /** The method has returned, whatever it returned; not when it failed. */
  onReturn(): void;
}

/** The method itself; gets the lock if it was taken after the parameters were resolved. */
type Body = (late: Lock | undefined) => unknown;

/**
 * The one call of a handler that the interceptor covers with its lock. The interceptor makes it, the method takes it, and what the method returned
 * comes back through it: an Observable that was unsubscribed says nothing about a handler that still runs.
 */
export class InterceptedCall implements Mark {
  /**
   * `expected`: the next call of the method is the one. → `begun`: any other is a call of its own, with a key of its own. → `expected` again when an
   * interceptor beneath ours calls the handler once more. → `over`: nobody waits for it. → `refused`: it was over before it could begin.
   */
  #state: 'expected' | 'begun' | 'over' | 'refused' = 'expected';
  #returnsMany = false;
  /** Of all calls that run: ends when the last does, and never rejects. */
  #work: Promise<void> | undefined;
  scope: Scope | undefined;
  lock: Lock | undefined;

  /** Both dropped in the end: whatever the handler has started, and goes on, keeps this call, and must not keep the request. */
  #owner: CallOwner | undefined;
  #execution: Execution | undefined;
  /** Of a `@WithLock()` above. */
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

  /** The call of `method` that the running code was to make; not one that is within it: who calls itself needs a lock of its own. */
  static take(method: LockedMethod): InterceptedCall | undefined {
    return findMark(
      (mark): mark is InterceptedCall => mark instanceof InterceptedCall && mark.method === method && mark.#isWaitedFor,
    );
  }

  /** Whether the lock of `method` is the matter of another interceptor of ours, in the same execution. */
  static covers(execution: Execution, method: LockedMethod): boolean {
    for (let call = execution[INNERMOST]; call !== undefined; call = call.#outer)
      if (call.method === method && !call.isClosed) return true;
    return false;
  }

  /** Runs what calls the handler, in whatever async context that is, in the context of the calls that cover it: they expect it. */
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

  /** One that is over before it began must not begin now, but say so. */
  get #isWaitedFor(): boolean {
    return this.#state === 'expected' || this.#state === 'refused';
  }

  /** Runs `body`, in which the method is going to be called. */
  around<T>(body: () => T): T {
    return runMarked(this, body);
  }

  /** Runs the method itself. */
  run(args: readonly unknown[], body: Body): unknown {
    // The request was answered before its handler began (an outer timeout): it must not begin now, without the lock.
    if (this.#state === 'refused') throw this.#refusal();
    this.#state = 'begun';
    // An interceptor beneath ours gave up a call that still runs: one at a time.
    if (this.#work !== undefined) return this.#watch(this.#work.then(() => this.#enter(args, body)));
    return this.#watch(this.#enter(args, body));
  }

  /** Nobody waits for the call any more. What it returns, if anything, resolves when the method, which still runs, has settled. */
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
        // A handler that failed may be called again, so that it is not told.
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

/** The query of a library may run each time that somebody waits for it, and here two do. */
function once(result: unknown): unknown {
  return isThenable(result) && !(result instanceof Promise) ? Promise.resolve(result) : result;
}

function isSubscribable(value: unknown): boolean {
  return typeof (value as { subscribe?: unknown } | null | undefined)?.subscribe === 'function';
}
