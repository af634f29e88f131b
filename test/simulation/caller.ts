import type { AcquireTerms, LockEngine } from '../../lib/engine/lock-engine.js';
import type { LockHandle } from '../../lib/engine/lock/lock-handle.js';
import { RedisLockError } from '../../lib/errors/redis-lock.error.js';
import { DEFAULT_TERMS } from '../../lib/options/lock-options.js';
import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { Log } from './trace.js';
import type { Weather } from './weather.js';
import type { Holding, Waiting } from './watched.js';
import type { Watcher } from './watcher.js';

export const KEYS = ['a', 'b'] as const;
/** Of the callers of a process, how many want several keys at a time. */
const SEVERAL = 0.45;
/** Of a lease that is extended. */
export const LONGEST_EXTENSION = 1_500;

/** Longer than any round trip over a link that is good. */
const LONG_WAIT_MS = 500;

const EXPECTED = new Set(['LOCK_NOT_ACQUIRED', 'LOCK_BACKEND', 'LOCK_QUEUE_FULL']);

export interface CallerInit {
  readonly process: SimulatedProcess;
  readonly engine: LockEngine;
  readonly watcher: Watcher;
  readonly random: () => number;
  readonly log: Log | undefined;
  readonly weather: Weather;
  /** True time after which it begins nothing new. */
  readonly until: number;
}

/** One user of the library, who does everything that users do. */
export class Caller {
  isOver = false;
  readonly process: SimulatedProcess;
  readonly #init: CallerInit;

  constructor(init: CallerInit) {
    this.#init = init;
    this.process = init.process;
  }

  async live(): Promise<void> {
    const { process, until, watcher } = this.#init;
    try {
      await process.sleep(this.#upTo(300));
      while (process.time.now() < until) {
        if (!(await this.#takeTurn())) break;
        if (this.#chance(0.6)) await process.sleep(this.#upTo(400));
      }
    } catch (error) {
      watcher.fault('no crash', `a caller of ${process.name} failed: ${String(error)}`);
    }
    this.isOver = true;
  }

  /** `false` when the engine is closed. */
  async #takeTurn(): Promise<boolean> {
    const { process, watcher, log, weather } = this.#init;
    const keys: readonly [string, ...string[]] = this.#chance(SEVERAL / weather.callers)
      ? KEYS
      : [this.#chance(0.75) ? 'a' : 'b'];
    const controller = new AbortController();
    const terms = this.#terms(controller.signal);
    const limit = terms.wait === 0 ? singleTry(keys.length) : terms.wait;
    const waiting = watcher.waits({
      process,
      what: `acquire ${keys.join()}`,
      limit,
      key: keys.length === 1 ? keys[0] : undefined,
    });
    const arrives = (): void => watcher.arrives(waiting);
    if (this.#chance(0.2)) this.#abortLater(controller, waiting);
    log?.(
      process.name,
      `wants ${keys.join()} ttl ${terms.ttl} wait ${terms.wait}${terms.renew ? '' : ' without renewal'}${terms.minHold ? ` minHold ${terms.minHold}` : ''}`,
    );
    try {
      const lock = await this.#init.engine.acquire(keys, terms);
      arrives();
      await this.#hold(watcher.gets(process, lock, terms));
    } catch (error) {
      arrives();
      log?.(process.name, `rejected: ${String(error)}`);
      if (isBackendError(error) && mayJudge(terms, keys)) watcher.isAlarmed(waiting);
      if (error instanceof RedisLockError && error.code === 'LOCK_CLOSED') return false;
      const isExpected =
        error instanceof RedisLockError ? EXPECTED.has(error.code) : error === controller.signal.reason;
      if (!isExpected) watcher.fault('no crash', `${process.name} acquire rejects with ${String(error)}`);
    }
    return true;
  }

  async #hold(holding: Holding): Promise<void> {
    const { process, watcher, log, weather } = this.#init;
    const { lock, terms } = holding;
    log?.(process.name, `has ${lock.keys.join()} by token ${lock.fencingToken}${lock.isHeld ? '' : ', lost already'}`);
    const isLong = this.#chance(0.4);
    for (let step = Math.floor(this.#upTo(weather.steps)); step > 0; step -= 1) {
      watcher.looks(holding);
      // Two at once: one command may overtake the other.
      if (!weather.isGentle && this.#chance(weather.extensions))
        await Promise.all(this.#chance(0.3) ? [this.#extend(lock), this.#extend(lock)] : [this.#extend(lock)]);
      await process.sleep(this.#upTo(isLong ? weather.holds : 20));
    }
    watcher.looks(holding);
    const endsByItself = !terms.renew || terms.maxHold !== undefined;
    if (!weather.isGentle && endsByItself && this.#chance(0.3)) return log?.(process.name, 'forgets it');
    await this.#release(holding);
  }

  async #release(holding: Holding): Promise<void> {
    const { process, watcher, log } = this.#init;
    const { lock } = holding;
    const waiting = watcher.waits({ process, what: 'release', limit: COMMAND_TIMEOUT_MS * lock.keys.length });
    log?.(process.name, `releases ${lock.keys.join()} of token ${lock.fencingToken}`);
    const outcome = lock.release();
    if (lock.isHeld) watcher.fault('exclusion', `${process.name} holds ${lock.key} after its release`);
    watcher.releases(holding);
    await outcome.catch((error: unknown) => this.#expectBackendError(waiting, error));
    watcher.arrives(waiting);
  }

  async #extend(lock: LockHandle): Promise<void> {
    const { process, watcher, log } = this.#init;
    const ttl = 100 + Math.floor(this.#upTo(LONGEST_EXTENSION - 100));
    log?.(process.name, `extends ${lock.keys.join()} to ${ttl}`);
    const waiting = watcher.waits({ process, what: 'extend', limit: COMMAND_TIMEOUT_MS });
    await lock.extend(ttl).catch((error: unknown) => this.#expectBackendError(waiting, error));
    watcher.arrives(waiting);
  }

  #expectBackendError(waiting: Waiting, error: unknown): void {
    const { process, watcher } = this.#init;
    if (isBackendError(error)) watcher.isAlarmed(waiting);
    const isExpected = error instanceof RedisLockError && ['LOCK_BACKEND', 'LOCK_LOST'].includes(error.code);
    if (!isExpected) watcher.fault('no crash', `${process.name} ${waiting.what} rejects with ${String(error)}`);
  }

  #terms(signal: AbortSignal): AcquireTerms {
    const waits = [0, 1 + Math.floor(this.#upTo(200)), LONG_WAIT_MS + Math.floor(this.#upTo(3_500)), Infinity];
    const terms = { ...DEFAULT_TERMS, signal, wait: this.#one(waits), ttl: this.#one(this.#init.weather.ttls) };
    if (this.#init.weather.isGentle) return terms;
    return {
      ...terms,
      renew: this.#chance(0.75),
      maxHold: this.#chance(0.1) ? 50 + Math.floor(this.#upTo(500)) : undefined,
      minHold: this.#chance(0.1) ? 50 + Math.floor(this.#upTo(500)) : 0,
      metadata: this.#chance(0.1) ? 'about it' : undefined,
    };
  }

  #abortLater(controller: AbortController, waiting: Waiting): void {
    const { process, log, watcher } = this.#init;
    void process.sleep(this.#upTo(150)).then(() => {
      log?.(process.name, 'a caller aborts');
      controller.abort(new Error('enough'));
      // The last command for several keys is not given up.
      watcher.hurries(waiting, waiting.key === undefined ? COMMAND_TIMEOUT_MS : 0);
    });
  }

  #upTo(ms: number): number {
    return this.#init.random() * ms;
  }

  #chance(chance: number): boolean {
    return this.#init.random() < chance;
  }

  #one<T>(items: readonly T[]): T {
    return items[Math.floor(this.#init.random() * items.length)] as T;
  }
}

function isBackendError(error: unknown): boolean {
  return error instanceof RedisLockError && error.code === 'LOCK_BACKEND';
}

/** Whoever waits less than a round trip learns nothing, and so does whose time is up between two of several keys. */
function mayJudge({ wait }: AcquireTerms, keys: readonly string[]): boolean {
  return wait === 0 || (keys.length === 1 && wait >= LONG_WAIT_MS);
}

/** The longest that a single try of so many keys may take. */
function singleTry(keys: number): number {
  return COMMAND_TIMEOUT_MS * (keys === 1 ? 1 : keys + 1);
}
