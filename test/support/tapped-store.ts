import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import {
  StoreFailure,
  type LockStore,
  type StoreFailureInit,
  type WakeListener,
} from '../../lib/engine/lock-store.interface.js';
import { MemoryStore } from '../../lib/testing/memory-store.js';
import type { Clock } from '../../lib/engine/time/clock.js';

type Method = Exclude<keyof LockStore, 'commandTimeout' | 'takesAll' | 'open' | 'close' | 'listen'>;

export interface StoreCall {
  readonly method: Method;
  /** Of several keys all, with commas between them. */
  readonly key: string;
  readonly value: string;
  /** Of an acquire or renewal the ttl, of a release the time that the key is kept. */
  readonly ms: number;
  /** When it was made. */
  readonly at: number;
}

/** Takes the place of the store's answer; `run` asks the store. */
export type Rule = (call: StoreCall, run: () => Promise<any>) => Promise<any>;

/** A store in memory that writes down what it is asked, and whose answers a test can delay, lose or replace. */
export class TappedStore implements LockStore {
  readonly commandTimeout = COMMAND_TIMEOUT_MS;
  readonly calls: StoreCall[] = [];
  /** Whether several keys can be taken at once. */
  isOneServer = true;
  readonly inner: MemoryStore;
  /** Whom a test may wake. */
  listener: WakeListener | undefined;
  readonly #rules = new Map<Method, Rule>();

  constructor(private readonly clock: Clock) {
    this.inner = new MemoryStore(clock);
  }

  /** From now on `method` is answered by `rule`, or by the store itself when there is none. */
  answer(method: Method, rule?: Rule): void {
    if (rule === undefined) this.#rules.delete(method);
    else this.#rules.set(method, rule);
  }

  /** The calls of one method. */
  of(method: Method): StoreCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  acquire: LockStore['acquire'] = (request) => {
    const { key, value, ttl } = request;
    return this.#ask({ method: 'acquire', key, value, ms: ttl, at: this.clock.now() }, () =>
      this.inner.acquire(request),
    );
  };

  contend: LockStore['contend'] = (request) => {
    const { key, value, ttl } = request;
    return this.#ask({ method: 'contend', key, value, ms: ttl, at: this.clock.now() }, () =>
      this.inner.contend(request),
    );
  };

  takesAll(): boolean {
    return this.isOneServer;
  }

  acquireAll: LockStore['acquireAll'] = (request) => {
    const { keys, value, ttl } = request;
    return this.#ask({ method: 'acquireAll', key: keys.join(), value, ms: ttl, at: this.clock.now() }, () =>
      this.inner.acquireAll(request),
    );
  };

  relay: LockStore['relay'] = (request) => {
    const { key, value, ttl } = request;
    return this.#ask({ method: 'relay', key, value, ms: ttl, at: this.clock.now() }, () => this.inner.relay(request));
  };

  leave: LockStore['leave'] = (key) =>
    this.#ask({ method: 'leave', key, value: '', ms: 0, at: this.clock.now() }, () => this.inner.leave());

  renew: LockStore['renew'] = (key, value, ttl, shortens) =>
    this.#ask({ method: 'renew', key, value, ms: ttl, at: this.clock.now() }, () =>
      this.inner.renew(key, value, ttl, shortens),
    );

  raiseFence: LockStore['raiseFence'] = (key, value, ttl, floor) =>
    this.#ask({ method: 'raiseFence', key, value, ms: ttl, at: this.clock.now() }, () =>
      this.inner.raiseFence(key, value, ttl, floor),
    );

  release: LockStore['release'] = (key, value, keepFor) =>
    this.#ask({ method: 'release', key, value, ms: keepFor, at: this.clock.now() }, () =>
      this.inner.release(key, value, keepFor),
    );

  inspect: LockStore['inspect'] = (key) =>
    this.#ask({ method: 'inspect', key, value: '', ms: 0, at: this.clock.now() }, () => this.inner.inspect(key));

  forceRelease: LockStore['forceRelease'] = (key) =>
    this.#ask({ method: 'forceRelease', key, value: '', ms: 0, at: this.clock.now() }, () =>
      this.inner.forceRelease(key),
    );

  /** Nobody wakes anyone, unless the test does. */
  listen(listener: WakeListener): void {
    this.listener = listener;
  }

  open(): void {
    this.inner.open();
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  #ask<T>(call: StoreCall, run: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    const rule = this.#rules.get(call.method);
    return rule === undefined ? run() : (rule(call, run) as Promise<T>);
  }
}

/** An answer that never comes. */
export function silence(): Promise<never> {
  return new Promise(() => undefined);
}

/** The store cannot be asked. */
export function broken(init: Partial<StoreFailureInit> = {}): StoreFailure {
  return new StoreFailure('the store is broken', { transient: true, applied: 'no', ...init });
}
