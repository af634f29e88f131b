/** Marks our errors across copies of the package, where two classes of one name are different objects. */
const CODE = Symbol.for('nestjs-redis-lock:code');

/**
 * The literals in the `code` fields of the errors of this package.
 *
 * @publicApi
 */
export type RedisLockErrorCode =
  | 'LOCK_NOT_ACQUIRED'
  | 'LOCK_LOST'
  | 'LOCK_BACKEND'
  | 'LOCK_REENTRY'
  | 'LOCK_KEY'
  | 'LOCK_QUEUE_FULL'
  | 'LOCK_CLOSED'
  | 'LOCK_NOT_HELD'
  | 'LOCK_OPTIONS';

/** What every error of this package may be made of. */
export interface RedisLockErrorInit {
  /** The lock's key, without the module's prefix. */
  readonly key?: string | undefined;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/**
 * Base of every error of this package.
 *
 * `instanceof` and `@Catch()` compare codes, not prototypes: an error made by another copy of the package (ESM beside CommonJS), and the
 * HTTP exception that stands for a lock error, are instances of the class whose code they carry.
 *
 * `key` and `cause` are there for code, and enumerable nowhere: what serialises an error for a client prints neither. The message is for logs, and
 * may name the key.
 *
 * @publicApi
 */
export abstract class RedisLockError extends Error {
  /** The code of a class; on the base `undefined`: it matches every code. */
  static readonly code: RedisLockErrorCode | undefined = undefined;

  /** Stable, for programs. Messages are for people and may change. */
  abstract readonly code: RedisLockErrorCode;

  /** The lock's key, without the module's prefix; `undefined` where no key is concerned. Not enumerable. */
  declare readonly key: string | undefined;

  /** Only the classes of this package derive from it directly. */
  protected constructor(name: string, code: RedisLockErrorCode, message: string, init: RedisLockErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    // A literal, because minifiers rename classes.
    hide(this, { name, key: init.key });
    markAs(this, code);
  }

  /**
   * Whether `value` carries the code of this class, or on `RedisLockError` any of the codes. A class that a user derives keeps the ordinary
   * meaning.
   */
  static override [Symbol.hasInstance](
    this: { readonly code?: unknown; readonly prototype: object },
    value: unknown,
  ): boolean {
    // A class that a user derives from ours keeps the ordinary meaning of instanceof.
    if (!ourClasses.has(this))
      return typeof value === 'object' && value !== null && Object.prototype.isPrototypeOf.call(this.prototype, value);
    const code = codeOf(value);
    return code !== undefined && (this.code === undefined || this.code === code);
  }
}

/** Each class of this package, so that those which users derive can be told from them. */
const ourClasses = new WeakSet<object>([RedisLockError]);

export function registerClass(lockErrorClass: object): void {
  ourClasses.add(lockErrorClass);
}

/** Makes `error` an instance, in the sense of `instanceof`, of the class with this code. */
export function markAs(error: object, code: RedisLockErrorCode): void {
  Object.defineProperty(error, CODE, { value: code });
}

/** Sets properties that are not enumerable, as those of built-in errors. */
export function hide(error: object, properties: Readonly<Record<string | symbol, unknown>>): void {
  for (const property of Reflect.ownKeys(properties)) {
    Object.defineProperty(error, property, {
      value: properties[property],
      enumerable: false,
      configurable: true,
      writable: true,
    });
  }
}

function codeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { [CODE]?: unknown })[CODE] : undefined;
}
