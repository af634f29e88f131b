import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import { RESERVATION_MS, RESERVED } from '../../lib/stores/scripts/queue.lua.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { SimulatedRedis } from './simulated-redis.js';
import { TOLERANCE_MS, type Holding, type Invariant, type Waiting } from './watched.js';
import { isCalm, isLinkReliable, type Weather } from './weather.js';

/** The longest rest of a process that waits, late timers and slow clocks included. */
const LONGEST_REST_MS = 2_000;
/** How long a late command may lie in Redis before the sweeper comes for it again. */
const LONGEST_REVISIT_MS = 5_000;

export interface KeyWatchInit {
  readonly server: SimulatedRedis;
  /** True time. */
  readonly now: () => number;
  readonly weather: Weather;
  /** Since when all that a process asks is answered, and in time. */
  readonly goodSince: (process: SimulatedProcess) => number;
  readonly holdings: ReadonlySet<Holding>;
  readonly waitings: ReadonlySet<Waiting>;
  readonly fault: (invariant: Invariant, what: string) => void;
}

/** Watches what keys hold on the server, and for how long: nothing stays there for nobody, nobody waits for what is free. */
export class KeyWatch {
  readonly #init: KeyWatchInit;
  readonly #isReliable: boolean;
  readonly #isCalm: boolean;
  /** What is as it should not be for long, and since when. */
  readonly #states = new Map<string, { readonly state: string; readonly since: number }>();

  constructor(init: KeyWatchInit) {
    this.#init = init;
    this.#isReliable = isLinkReliable(init.weather);
    this.#isCalm = isCalm(init.weather);
  }

  /** Somebody got it, perhaps for no time at all. */
  onGranted(keys: readonly string[]): void {
    for (const key of keys) this.#states.delete(orphanOf(key));
  }

  /** `clearSince`: when the weather became clear. */
  judge(key: string, clearSince: number): void {
    this.#checkFree(key);
    if (this.#init.weather.isGentle) this.#checkOrphan(key, clearSince);
    if (!this.#isCalm) return;
    this.#checkCalm(key);
    this.#checkQueue(key);
  }

  /** When it has quit, and all that it sent has come: nothing on the server is the process's any more. */
  checkGone(key: string, process: SimulatedProcess): void {
    const { server, fault } = this.#init;
    const holder = server.holder(key);
    if (holder !== undefined && isOf(process, holder))
      fault('nothing left', `${process.name} has quit, and ${key} holds ${holder}`);
    const entry = server.queue(key).find((each) => each.endsWith(process.name));
    if (entry !== undefined)
      fault('nothing left', `${process.name} has quit, and ${entry} stands in the queue of ${key}`);
  }

  /**
   * A key that anybody may take who waits for it is taken within one longest rest, whatever was lost; a reservation for somebody who does not come is free time, too. It takes longer
   * only while the event loops of all who wait stand still, their links are down, silent, or fail them (from the end of that it may take the deadline of one command more), or
   * the key was taken away from their own process, which does not know it yet.
   */
  #checkFree(key: string): void {
    const { server, weather, waitings } = this.#init;
    const holder = server.holder(key);
    let ready = Infinity;
    if (holder === undefined || holder.startsWith(RESERVED))
      for (const waiting of waitings) if (waiting.key === key) ready = Math.min(ready, this.#readySince(waiting, key));
    const from = Math.max(ready, this.#lastsSince(`the way to ${key}`, ready === Infinity ? undefined : 'free'));
    const limit = LONGEST_REST_MS + RESERVATION_MS + 6 * weather.latency + (this.#isReliable ? 0 : COMMAND_TIMEOUT_MS);
    if (this.#init.now() - from > limit)
      this.#init.fault(
        'liveness',
        `${key} is ${holder ?? 'free'} for ${(this.#init.now() - from).toFixed(0)} ms, and somebody waits`,
      );
  }

  #readySince({ process, begin }: Waiting, key: string): number {
    const { server, now } = this.#init;
    const mayKnow = !server.ledger.isMissed(key, process.engineName ?? ' ', now());
    return process.isAtRest && mayKnow ? Math.max(begin, process.lastPauseAt, this.#init.goodSince(process)) : Infinity;
  }

  /** Where nothing goes wrong, wake-ups alone are enough. */
  #checkCalm(key: string): void {
    const { server, weather, waitings, fault } = this.#init;
    const holder = server.holder(key);
    const isReserved = holder?.startsWith(RESERVED) === true;
    const waits = holder === undefined && some(waitings, (waiting) => waiting.key === key);
    const forMs = this.#lasts(key, waits || isReserved ? (holder ?? 'free') : undefined);
    if (forMs > 6 * weather.latency + 4 * TOLERANCE_MS)
      fault('liveness', `${key} is ${holder ?? 'free'} for ${forMs.toFixed(0)} ms on a calm day, and somebody waits`);
  }

  /** A process in which nobody has the key does not keep it, once its link works: what it may have got unknown is given to who waits, or swept. Callers who do not just hold and release keep some. */
  #checkOrphan(key: string, clearSince: number): void {
    const { server, weather, waitings, holdings, now, fault } = this.#init;
    const holder = server.holder(key);
    const isUser = ({ process }: { readonly process: SimulatedProcess }): boolean =>
      holder !== undefined && isOf(process, holder);
    // Whoever wants several has some of them before it has them all.
    const isWanted = some(waitings, (waiting) => waiting.key === undefined && isUser(waiting));
    const isBusy = isWanted || some(holdings, (holding) => holding.lock.keys.includes(key) && isUser(holding));
    const isOrphan = holder !== undefined && !holder.startsWith(RESERVED) && !isBusy;
    const since = this.#lastsSince(orphanOf(key), isOrphan ? holder : undefined);
    const forMs = now() - (this.#isReliable ? since : Math.max(since, clearSince));
    const rough = 3 * COMMAND_TIMEOUT_MS + (weather.oldBytes === 0 ? 0 : LONGEST_REVISIT_MS);
    const limit = this.#isReliable ? 4 * weather.latency + TOLERANCE_MS : rough;
    if (forMs > limit) fault('nothing left', `${key} holds ${holder} for ${forMs.toFixed(0)} ms, and nobody has it`);
  }

  /** A process of which nobody waits does not stand in the queue. */
  #checkQueue(key: string): void {
    const { server, weather, waitings, fault } = this.#init;
    const [inbox] = server.queue(key);
    const isWanted =
      inbox !== undefined &&
      some(waitings, ({ process, what }) => what.startsWith('acquire') && inbox.endsWith(process.name));
    const forMs = this.#lasts(`the queue of ${key}`, isWanted ? undefined : inbox);
    if (forMs > 4 * weather.latency + TOLERANCE_MS)
      fault('nothing left', `${inbox} stands in the queue of ${key} for ${forMs.toFixed(0)} ms, and nobody waits`);
  }

  /** For how long `state` is the state of it, without a break. */
  #lasts(what: string, state: string | undefined): number {
    return this.#init.now() - this.#lastsSince(what, state);
  }

  /** Since when `state` is the state of it, without a break; `Infinity` for none. */
  #lastsSince(what: string, state: string | undefined): number {
    const now = this.#init.now();
    const before = this.#states.get(what);
    if (state === undefined) this.#states.delete(what);
    else if (before?.state !== state) this.#states.set(what, { state, since: now });
    else return before.since;
    return state === undefined ? Infinity : now;
  }
}

/** The name of that state. */
function orphanOf(key: string): string {
  return `the value of ${key}`;
}

function isOf({ engineName = ' ' }: SimulatedProcess, value: string): boolean {
  return value.startsWith(engineName);
}

function some<T>(items: Iterable<T>, isIt: (item: T) => boolean): boolean {
  for (const item of items) if (isIt(item)) return true;
  return false;
}
