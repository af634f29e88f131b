import { runHolding } from '../../engine/async-scope.js';
import type { Lock } from '../../interfaces/lock.interface.js';
import type { LockedMethod } from '../locked-method.js';
import { admitIteration, assertKept, explained, isAsyncIterable, type Body } from './plain-call.js';

export type Iteration = AsyncGenerator<unknown, unknown, unknown>;

/**
 * Calls a method outside of Nest's handlers whose result is iterated. As the body of a generator does not run before the first value is asked for,
 * the lock is not taken before either; it is held until the iteration has ended or was given up.
 */
export async function* iterateLocked(
  method: LockedMethod,
  self: unknown,
  args: readonly unknown[],
  body: Body,
): Iteration {
  const admission = await admitIteration(method, self, args);
  if (admission.kind === 'unprotected') return yield* iterable(method, await body(undefined));
  if (admission.kind === 'instead') return isAsyncIterable(admission.value) ? yield* admission.value : admission.value;
  const { lock } = admission;
  try {
    const rows = iterable(method, await runHolding(lock, () => body(lock)));
    const result: unknown = yield* new HeldIteration(method, lock, rows);
    return result;
  } finally {
    await lock[Symbol.asyncDispose]();
  }
}

function iterable({ target }: LockedMethod, rows: unknown): AsyncIterable<unknown, unknown, unknown> {
  if (isAsyncIterable(rows)) return rows;
  throw new TypeError(`What ${target} returned is not async iterable: it was a value to wait for.`);
}

/** Each step runs in the context of the lock, not in that of whoever asks for the next value. */
class HeldIteration implements AsyncIterableIterator<unknown, unknown, unknown> {
  readonly #inner: AsyncIterator<unknown, unknown, unknown>;

  constructor(
    private readonly method: LockedMethod,
    private readonly lock: Lock,
    rows: AsyncIterable<unknown, unknown, unknown>,
  ) {
    this.#inner = runHolding(lock, () => rows[Symbol.asyncIterator]());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(sent: unknown): Promise<IteratorResult<unknown>> {
    return this.#step(() => this.#inner.next(sent));
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    if (this.#inner.throw !== undefined)
      return this.#step(() => this.#inner.throw?.(error) as Promise<IteratorResult<unknown>>);
    await this.return(undefined);
    throw error;
  }

  async return(value: unknown): Promise<IteratorResult<unknown>> {
    return runHolding(this.lock, () => this.#inner.return?.(value)) ?? { done: true, value };
  }

  /** `onLost: 'reject'` ends the iteration at the next value, and gives the method the chance to clean up. */
  async #step(step: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    const result = await runHolding(this.lock, step);
    try {
      await explained(this.method, () => assertKept(this.method, this.lock));
    } catch (error) {
      await this.return(undefined);
      throw error;
    }
    return result;
  }
}
