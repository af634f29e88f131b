import { isThenable } from '../thenable.js';
import { iterateLocked, type Iteration } from './locked-iteration.js';
import type { LockedMethod } from '../locked-method.js';
import { callLocked, isAsyncIterable, type Body } from './plain-call.js';

/**
 * A plain call of a function that is neither `async` nor `async *` by its form: compiled for older engines or wrapped, it may be either, and only its caller
 * knows which. So this object is a promise for a caller that waits, and an iteration for one that iterates. A caller that begins to iterate in the turn of
 * the call holds the lock for the iteration.
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
          // An iteration that begins later takes the lock at its beginning.
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

  /** Iterates what the call returned, when it has begun as one that its caller waits for. */
  async *#late(): Iteration {
    const rows: unknown = await this;
    if (!isAsyncIterable(rows)) throw new TypeError('What the method returned cannot be iterated.');
    return yield* rows;
  }
}
