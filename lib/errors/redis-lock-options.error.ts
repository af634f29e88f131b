import { registerClass, RedisLockError, type RedisLockErrorInit } from './redis-lock.error.js';

/** What a `RedisLockOptionsError` is made of. */
export interface RedisLockOptionsInit extends RedisLockErrorInit {
  /** The option's name, as in `defaults.ttl`. */
  readonly option: string;
  /** The value as given, already printable and without secrets. */
  readonly value: string;
  /** What to do instead. */
  readonly remedy: string;
}

/**
 * An option of the module, of a decorator or of a call is wrong. Names the option, the value and the remedy.
 *
 * @publicApi
 */
export class RedisLockOptionsError extends RedisLockError {
  static override readonly code = 'LOCK_OPTIONS';
  static {
    registerClass(this);
  }

  readonly code = RedisLockOptionsError.code;

  /** The option's name, as in `defaults.ttl`. */
  readonly option: string;

  /** For tests; the library throws its own. */
  constructor({ option, value, remedy, ...init }: RedisLockOptionsInit) {
    super('RedisLockOptionsError', RedisLockOptionsError.code, `Option "${option}" is ${value}: ${remedy}.`, init);
    this.option = option;
  }
}
