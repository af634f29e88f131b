import type { LockOptions } from '../interfaces/lock-options.interface.js';
import type { WithLockOptions } from '../interfaces/with-lock-options.interface.js';
import type { KeySource } from './key/key-source.interface.js';

/** What one `@WithLock()` on one method says. Its identity tells one decoration from another. */
export interface LockedMethod {
  /** Class and method, as in `OrderController.pay`. */
  readonly target: string;
  readonly propertyKey: string | symbol;
  /** Where Nest puts the lock service on the instances of the class. */
  readonly serviceProperty: symbol;
  /** Turns a lock error into the form that the caller of a plain method needs. */
  readonly explain: (error: unknown) => Promise<unknown>;
  readonly keys: KeySource;
  /** How the lock is acquired and held. */
  readonly lockOptions: LockOptions;
  /** What becomes of the call. */
  readonly policy: Required<Pick<WithLockOptions, 'onBusy' | 'onBackendError' | 'onLost' | 'until'>> &
    Pick<WithLockOptions, 'name'>;
}

export const LOCKED_METHODS = Symbol('nestjs-redis-lock:locked-methods');
const OF_CLASS = Symbol('nestjs-redis-lock:locked-methods-of-class');

/** The decorations of a handler, the topmost first. */
export function lockedMethodsOf(handler: object): readonly LockedMethod[] {
  return (Reflect.getMetadata(LOCKED_METHODS, handler) as readonly LockedMethod[] | undefined) ?? [];
}

/** Puts a decoration before those below it: decorators run from the bottom up. */
export function addLockedMethod(handler: object, method: LockedMethod): void {
  Reflect.defineMetadata(LOCKED_METHODS, [method, ...lockedMethodsOf(handler)], handler);
}

/** Notes that the class with this prototype has the method. */
export function addToClass(prototype: object, method: LockedMethod): void {
  Reflect.defineMetadata(OF_CLASS, [method, ...lockedMethodsOfClass(prototype)], prototype);
}

/** The decorations of all methods of an instance, inherited ones too. */
export function lockedMethodsOfInstance(instance: object): readonly LockedMethod[] {
  const methods: LockedMethod[] = [];
  for (let prototype = prototypeOf(instance); prototype !== null; prototype = prototypeOf(prototype))
    methods.push(...lockedMethodsOfClass(prototype));
  return methods;
}

/** The decorations of the class with this prototype, without those that it inherits. */
export function lockedMethodsOfClass(prototype: object): readonly LockedMethod[] {
  return (Reflect.getOwnMetadata(OF_CLASS, prototype) as readonly LockedMethod[] | undefined) ?? [];
}

function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}
