import type { ExecutionContext } from '@nestjs/common';
import type { LockNotAcquiredError } from '../errors/lock-not-acquired.error.js';
import type { LockOptions } from './lock-options.interface.js';

/**
 * What a key function, or an `onBusy` function, is told of the call.
 *
 * @publicApi
 */
export interface LockKeyContext<Args extends readonly unknown[] = readonly any[]> {
  /** How the method was called: by a transport of Nest, or (`'call'`) with its arguments, as plain methods are. */
  readonly transport: 'http' | 'rpc' | 'ws' | 'graphql' | 'call';
  /**
   * The arguments of the method, of the types that it declares: in a handler as the pipes have made them. A key function that reads them in
   * a handler is run twice, without them and, when they are there, with them; its lock is taken after the pipes then.
   *
   * @throws {RedisLockOptionsError} in an `onBusy` function of a handler whose lock is taken before the pipes.
   */
  readonly args: Args;
  /** Class and method, as in `OrderController.pay`. */
  readonly target: string;
  /** Nest's context of a handler; `undefined` in a plain call. */
  readonly execution: ExecutionContext | undefined;
  /** The HTTP request, raw: as the client sent it, before pipes. `undefined` elsewhere. */
  readonly request: any;
  /** Path parameters of the HTTP request; `undefined` elsewhere. */
  readonly params: any;
  /** Query of the HTTP request; `undefined` elsewhere. */
  readonly query: any;
  /** Body of the HTTP request; `undefined` elsewhere. */
  readonly body: any;
  /** Headers of the HTTP request, names in lower case; `undefined` elsewhere. */
  readonly headers: any;
  /** What a guard put on the HTTP request as `user`; `undefined` elsewhere. */
  readonly user: any;
  /** Address of the HTTP client; `undefined` elsewhere. */
  readonly ip: string | undefined;
  /** The message of a microservice or WebSocket handler; the arguments of a GraphQL query, mutation or field; `undefined` elsewhere. */
  readonly data: any;
}

/**
 * What an `onBusy` function is told: the call, and why it did not get the lock.
 *
 * @publicApi
 */
export interface LockBusyContext<Args extends readonly unknown[] = readonly any[]> extends LockKeyContext<Args> {
  /** What the call would have thrown: how long it waited, and when another try is worth while. */
  readonly error: LockNotAcquiredError;
}

/**
 * The key of a `@WithLock()`: a template such as `'order:{params.id}'`, up to a hundred of them, or a function of the call.
 *
 * @publicApi
 */
export type LockKey<Args extends readonly unknown[] = readonly any[]> =
  string | readonly string[] | ((ctx: LockKeyContext<Args>) => string | readonly string[]);

/**
 * Options of `@WithLock()`: those of a lock, and what becomes of the call when the lock is busy, cannot be asked for, or is lost. One that
 * is unknown or out of its range throws `RedisLockOptionsError` at decoration.
 *
 * @publicApi
 */
export interface WithLockOptions<Args extends readonly unknown[] = readonly any[]> extends LockOptions {
  /**
   * Which lock service, when the app has several: the `name` of its module. One that does not exist fails the start of the app.
   *
   * @default none: the service without a name
   */
  name?: string;

  /**
   * What a call does when the lock stays busy for `wait`: `'throw'` (`LockNotAcquiredError`, in a handler HTTP 409), `'skip'` (the method
   * does not run, the result is `undefined`; also when the app shuts down), or a function whose result takes the place of the method's.
   *
   * @default 'throw'
   */
  onBusy?: 'throw' | 'skip' | ((ctx: LockBusyContext<Args>) => unknown);

  /**
   * What a call does when Redis cannot be asked for `backendWait`: `'throw'` (`LockBackendError`, in a handler HTTP 503), `'skip'` (the
   * method does not run, the result is `undefined`, and a warning tells once per outage), or `'run'` (the method runs WITHOUT a lock, and a
   * warning says so).
   *
   * @default 'throw'
   */
  onBackendError?: 'throw' | 'skip' | 'run';

  /**
   * What becomes of the method's result when the lock was lost while it ran: it stands (`'continue'`, and a warning tells of the loss), or
   * the call rejects with `LockLostError` (`'reject'`, in a handler HTTP 503). An error of the method stands in both cases.
   *
   * @default 'continue'
   */
  onLost?: 'continue' | 'reject';

  /**
   * How long the lock of a handler is held: until the Observable or stream that it returned has ended (`'complete'`), or until the method itself
   * has returned (`'return'`). That of a plain call is held until its promise has settled, or the iteration of its async generator has ended.
   *
   * @default 'complete'
   */
  until?: 'complete' | 'return';
}
