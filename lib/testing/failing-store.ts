import { StoreFailure, type LockStore } from '../engine/lock-store.interface.js';

/** A store that can be told to fail as a Redis that cannot be reached. */
export class FailingStore implements LockStore {
  readonly #inner: LockStore;
  #isDown = false;

  constructor(inner: LockStore) {
    this.#inner = inner;
  }

  get commandTimeout(): number {
    return this.#inner.commandTimeout;
  }

  takesAll(keys: readonly string[]): boolean {
    return this.#inner.takesAll(keys);
  }

  /** From now on. */
  setDown(isDown: boolean): void {
    this.#isDown = isDown;
  }

  acquire: LockStore['acquire'] = (request) => this.#ask(() => this.#inner.acquire(request));
  contend: LockStore['contend'] = (request) => this.#ask(() => this.#inner.contend(request));
  acquireAll: LockStore['acquireAll'] = (request) => this.#ask(() => this.#inner.acquireAll(request));
  relay: LockStore['relay'] = (request) => this.#ask(() => this.#inner.relay(request));
  leave: LockStore['leave'] = (key) => this.#ask(() => this.#inner.leave(key));
  renew: LockStore['renew'] = (...args) => this.#ask(() => this.#inner.renew(...args));
  raiseFence: LockStore['raiseFence'] = (...args) => this.#ask(() => this.#inner.raiseFence(...args));
  release: LockStore['release'] = (...args) => this.#ask(() => this.#inner.release(...args));
  inspect: LockStore['inspect'] = (key) => this.#ask(() => this.#inner.inspect(key));
  forceRelease: LockStore['forceRelease'] = (key) => this.#ask(() => this.#inner.forceRelease(key));
  listen: LockStore['listen'] = (listener) => this.#inner.listen(listener);

  open(): void {
    this.#inner.open();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#isDown)
      return Promise.reject(
        new StoreFailure('Redis is down, because the test said so', { transient: true, applied: 'no' }),
      );
    return question();
  }
}
