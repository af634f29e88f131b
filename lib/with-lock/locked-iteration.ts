import { runHolding } from '../engine/lock-context.js';
import type { Lock } from '../interfaces/lock.interface.js';
import type { LockedMethod } from './locked-method.js';
import { admitCall, assertKept, explained } from './plain-call.js';

type Iteration = AsyncGenerator<unknown, unknown, unknown>;

/** By the name that the language gives to `async function*`; a Proxy around one has it, too. */
export function isAsyncGenerator(method: object): boolean {
  return (method as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'AsyncGeneratorFunction';
}

/**
 * Calls an async generator method outside of Nest's handlers. As its body does not run before the first value is asked for, the lock is not taken
 * before either; it is held until the iteration has ended or was given up.
 */
export async function* iterateLocked(method: LockedMethod, self: unknown, args: readonly unknown[], body: () => unknown): Iteration {
  const admission = await admitCall(method, self, args);
  if (admission.kind === 'unprotected') return yield* body() as Iteration;
  if (admission.kind === 'instead') return isAsyncIterable(admission.value) ? yield* admission.value : admission.value;
  const { lock } = admission;
  try {
    const result: unknown = yield* new HeldIteration(method, lock, body() as Iteration);
    return result;
  } finally {
    await lock[Symbol.asyncDispose]();
  }
}

/** Each step runs in the context of the lock, not in that of whoever asks for the next value. */
class HeldIteration implements AsyncIterableIterator<unknown, unknown, unknown> {
  constructor(
    private readonly method: LockedMethod,
    private readonly lock: Lock,
    private readonly inner: Iteration,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(sent: unknown): Promise<IteratorResult<unknown>> {
    return this.#step(() => this.inner.next(sent));
  }

  throw(error: unknown): Promise<IteratorResult<unknown>> {
    return this.#step(() => this.inner.throw(error));
  }

  return(value: unknown): Promise<IteratorResult<unknown>> {
    return runHolding(this.lock, () => this.inner.return(value));
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

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown, unknown, unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}
