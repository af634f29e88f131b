import { Logger } from '@nestjs/common';
import type { LockObserver } from './engine/lock-observer.interface.js';
import type { LockLostError } from './errors/lock-lost.error.js';

/** Tells operators, through Nest's logger, what no caller may be there to hear. Never a token, never a password. */
export class LockLogger implements LockObserver {
  readonly #logger = new Logger('RedisLock');

  lost(error: LockLostError): void {
    this.#warn(error.message);
  }

  releaseUnconfirmed(_key: string, cause: unknown): void {
    this.#warn(cause instanceof Error ? cause.message : String(cause));
  }

  wakeUpsRefused(refusal: Error): void {
    this.#warn(
      `Redis refuses SUBSCRIBE (${refusal.message}), so waiting for a busy lock is polling. Allow the channel to be woken instead.`,
    );
  }

  wakeUpsFail(error: Error): void {
    this.#warn(
      `No connection could be made for SUBSCRIBE (${error.message}), time after time, so waiting for a busy lock is polling until one can.`,
    );
  }

  /** A method runs although its lock could not be taken, because `onBackendError: 'run'` says so. */
  unprotected(target: string, cause: Error): void {
    this.#warn(`${target} runs WITHOUT its lock: ${cause.message}`);
  }

  /** A handler is locked, but Nest does not know: it does not run the lock's interceptor for it. */
  hiddenFromNest(target: string): void {
    this.#warn(
      `${target} is locked as a plain method, and its clients are not told by us that the lock is busy: a decorator above @WithLock() replaces the method without its metadata. Put @WithLock() above that one.`,
    );
  }

  /** A client was told of an error of this package. Contention is no fault; a bug of the app is told with where it is. */
  refused(error: Error, isBug: boolean): void {
    this.#attempt(() => (isBug ? this.#logger.error(error.message, error.stack) : this.#logger.debug(error.message)));
  }

  /** The key of a handler is made of what the client sent, where the handler itself gets it through a pipe. */
  rawPart(target: string, raw: string, piped: string): void {
    this.#warn(
      `The key of ${target} has {${raw}} as the client sent it, but the method gets it through a pipe: two spellings of one value are two locks. Use {${piped}}, which is the argument after the pipes; or, if the lock is needed before them, a key function.`,
    );
  }

  outage(error: Error): void {
    this.#warn(`The connection to Redis failed: ${error.message || error.name}. Locks are refused until it is back.`);
  }

  outageOver(): void {
    this.#attempt(() => this.#logger.log('The connection to Redis is back. Locks are given again.'));
  }

  /** A method does not run because its lock could not be taken, and `onBackendError: 'skip'` says so; once per outage. */
  skipped(target: string, cause: Error): void {
    this.#warn(`${target} is skipped, also from now on while it is so: ${cause.message}`);
  }

  /** Methods of an app that serves somebody run without their locks. */
  passThrough(): void {
    this.#warn(
      'RedisLockTestingModule with passThrough in production: methods under @WithLock() run WITHOUT their locks. Import RedisLockModule instead.',
    );
  }

  /** A logger that throws must not get in the way of a lock. */
  #attempt(tell: () => void): void {
    try {
      tell();
    } catch {
      // The logger itself has failed: no other place is left to tell.
    }
  }

  #warn(message: string): void {
    this.#attempt(() => this.#logger.warn(message));
  }
}
