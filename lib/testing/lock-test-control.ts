import type { Clock } from '../engine/time/clock.js';
import { toKey } from '../options/lock-keys.js';
import type { RedisLockService } from '../redis-lock.service.js';
import { getRedisLockToken } from '../redis-lock.tokens.js';
import type { LockStore } from '../engine/lock-store.interface.js';
import { FailingStore } from './failing-store.js';
import { MemoryStore } from './memory-store.js';

/**
 * What a unit test can make happen to the locks of a `RedisLockTestingModule`: `module.get(LockTestControl)`, or for a named module
 * `module.get(LockTestControl.token(name))`.
 *
 * @publicApi
 */
export class LockTestControl {
  readonly #memory: MemoryStore;
  readonly #store: FailingStore;
  #service: RedisLockService | undefined;

  /** Made by the module. */
  constructor(clock: Clock) {
    this.#memory = new MemoryStore(clock);
    this.#store = new FailingStore(this.#memory);
  }

  /**
   * The injection token of the control of a named module.
   *
   * @param name - the `name` that the module was given.
   */
  static token(name: string): string {
    return `${String(getRedisLockToken(name))}.control`;
  }

  /**
   * Makes a lock busy, as if another process held it, until `free()`; a holder in this process learns of it at its next renewal.
   *
   * @param key - as `acquire()` takes it.
   * @throws {LockKeyError} when the key cannot be one.
   */
  busy(key: string): void {
    this.#memory.occupy(toKey(key));
  }

  /**
   * Ends `busy()`. A caller that waits gets in at its next try, 1.75 s later at most.
   *
   * @param key - as `acquire()` takes it.
   * @throws {LockKeyError} when the key cannot be one.
   */
  free(key: string): void {
    this.#memory.vacate(toKey(key));
  }

  /**
   * Takes a lock away from its holder, who is told before this resolves.
   *
   * @param key - as `acquire()` takes it.
   * @returns whether it was held.
   * @throws {LockKeyError} when the key cannot be one.
   */
  async lose(key: string): Promise<boolean> {
    return (await this.#service?.forceRelease(key)) ?? false;
  }

  /** From now on Redis cannot be asked: acquiring throws `LockBackendError`, renewals fail, until `recover()`. */
  fail(): void {
    this.#store.setDown(true);
  }

  /** Ends `fail()`. */
  recover(): void {
    this.#store.setDown(false);
  }

  /** @internal */
  get store(): LockStore {
    return this.#store;
  }

  /** @internal */
  attach(service: RedisLockService): this {
    this.#service = service;
    return this;
  }
}
