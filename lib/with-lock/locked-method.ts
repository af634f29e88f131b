import type { LockOptions } from '../interfaces/lock-options.interface.js';
import type { LockKeyContext, WithLockOptions } from '../interfaces/with-lock-options.interface.js';

/** What one `@WithLock()` on one method says. Its identity tells one decoration from another. */
export interface LockedMethod {
  /** Class and method, as in `OrderController.pay`. */
  readonly target: string;
  /** Where Nest puts the lock service on the instances of the class. */
  readonly serviceProperty: symbol;
  /** Our own errors in the form that the caller of the plain method needs. */
  readonly explain: (error: unknown) => Promise<unknown>;
  readonly keys: (context: LockKeyContext) => string | readonly string[];
  /** How the lock is acquired and held. */
  readonly lockOptions: LockOptions;
  /** What becomes of the call. */
  readonly policy: Required<Pick<WithLockOptions, 'onBusy' | 'onBackendError' | 'onLost' | 'until'>> & Pick<WithLockOptions, 'name'>;
}

const LOCKED_METHODS = Symbol('nestjs-redis-lock:locked-methods');

/** The decorations of a handler, in the order read: the topmost first. */
export function lockedMethodsOf(handler: object): readonly LockedMethod[] {
  return (Reflect.getMetadata(LOCKED_METHODS, handler) as readonly LockedMethod[] | undefined) ?? [];
}

/** Decorators run from the bottom up: each puts itself before those below. */
export function addLockedMethod(handler: object, method: LockedMethod): void {
  Reflect.defineMetadata(LOCKED_METHODS, [method, ...lockedMethodsOf(handler)], handler);
}
