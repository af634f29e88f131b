import { isThenable } from '../handler/intercepted-call.js';
import { iterateLocked, type Iteration } from './locked-iteration.js';
import type { LockedMethod } from '../locked-method.js';
import { callLocked, isAsyncIterable, type Body } from './plain-call.js';

/**
 * A plain call of a function that is neither `async` nor `async *` by name: it may be either, compiled for older engines or wrapped, and only its caller
 * knows which. So this is a promise, for who waits, and an iteration, for who iterates; who does so in the turn of the call has the lock for that.
 */
export class LockedCall extends Promise<unknown> implements Iteration {
  /** What follows is a promise as any other. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #iterate: () => Iteration = () => this.#late();
  #iteration: Iteration | undefined;

  static begin(this: void, method: LockedMethod, self: unknown, args: readonly unknown[], body: Body): LockedCall {
    let resolve!: (value: unknown) => void;
    const call = new LockedCall((settle) => (resolve = settle));
    call.#iterate = () => iterateLocked(method, self, args, body);
    queueMicrotask(() => {
      if (call.#iteration !== undefined) return resolve(call.#iteration);
      call.#iterate = () => call.#late();
      resolve(
        callLocked(method, self, args, (lock) => {
          const result = body(lock);
          // Iterated later, it takes the lock then.
          return isAsyncIterable(result) && !isThenable(result)
            ? Promise.resolve(iterateLocked(method, self, args, () => result))
            : result;
        }),
      );
    });
    return call;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return(undefined);
  }

  next(sent?: unknown): Promise<IteratorResult<unknown, unknown>> {
    return this.#started().next(sent);
  }

  return(value: unknown): Promise<IteratorResult<unknown, unknown>> {
    return this.#started().return(value);
  }

  throw(error: unknown): Promise<IteratorResult<unknown, unknown>> {
    return this.#started().throw(error);
  }

  #started(): Iteration {
    return (this.#iteration ??= this.#iterate());
  }

  /** The call has begun as one that is waited for. */
  async *#late(): Iteration {
    const rows: unknown = await this;
    if (!isAsyncIterable(rows)) throw new TypeError('What the method returned cannot be iterated.');
    return yield* rows;
  }
}
