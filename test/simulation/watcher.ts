import type { AcquireTerms } from '../../lib/engine/lock-engine.js';
import type { ScopedLock } from '../../lib/engine/shared-lock.js';
import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import { RESERVED } from '../../lib/scripts/queue.lua.js';
import type { Life } from './ledger.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { SimulatedRedis } from './simulated-redis.js';
import { isLinkReliable, type Weather } from './weather.js';

/** What must hold: see `INVARIANTS` in simulation.spec.ts. */
export type Invariant = 'exclusion' | 'fencing' | 'patience' | 'told in time' | 'nothing left' | 'liveness' | 'no crash';

export interface Fault {
  readonly invariant: Invariant;
  readonly what: string;
}

/** A lock that its caller has not released. */
export interface Holding {
  readonly process: SimulatedProcess;
  readonly lock: ScopedLock;
  readonly terms: AcquireTerms;
  readonly grantedAt: number;
  isTold: boolean;
}

/** A caller that waits for something, with a limit. */
export interface Waiting {
  readonly process: SimulatedProcess;
  readonly what: string;
  /** The one key, if it is one. */
  readonly key: string | undefined;
  /** On the clock of the process, as what follows. */
  readonly since: number;
  limit: number;
  readonly blockedBefore: number;
}

/** Timers that ring late, and the rounding of milliseconds. */
const TOLERANCE_MS = 10;

/** Knows the truth, and compares it with what the engines tell their callers. */
export class Watcher {
  readonly faults: Fault[] = [];
  granted = 0;
  /** When the weather became clear, on the true clock. */
  clearSince = Infinity;
  readonly #server: SimulatedRedis;
  readonly #now: () => number;
  readonly #weather: Weather;
  readonly #keys: readonly string[];
  readonly #maxTtl: number;
  readonly #isReliable: boolean;
  readonly #isCalm: boolean;
  readonly #holdings = new Set<Holding>();
  readonly #waitings = new Set<Waiting>();
  readonly #lastToken = new Map<string, number>();
  /** What is as it should not be for long, and since when. */
  readonly #states = new Map<string, { readonly state: string; readonly since: number }>();

  constructor({ server, now, weather, keys, maxTtl }: { server: SimulatedRedis; now: () => number; weather: Weather; keys: readonly string[]; maxTtl: number }) {
    this.#server = server;
    this.#now = now;
    this.#weather = weather;
    this.#keys = keys;
    this.#maxTtl = maxTtl;
    this.#isReliable = isLinkReliable(weather);
    this.#isCalm = weather.isGentle && this.#isReliable;
  }

  fault(invariant: Invariant, what: string): void {
    this.faults.push({ invariant, what });
  }

  /** A caller begins to wait. */
  waits(process: SimulatedProcess, what: string, limit: number, key?: string): Waiting {
    const waiting: Waiting = { process, what, key, since: process.clock.now(), limit, blockedBefore: process.blockedMs };
    this.#waitings.add(waiting);
    return waiting;
  }

  /** It waits no longer than `limit` from now. */
  hurries(waiting: Waiting, limit: number): void {
    waiting.limit = Math.min(waiting.limit, waiting.process.clock.now() - waiting.since + limit);
  }

  /** It waits no longer. */
  arrives(waiting: Waiting): void {
    this.#waitings.delete(waiting);
    this.#checkPatience(waiting);
  }

  gets(process: SimulatedProcess, lock: ScopedLock, terms: AcquireTerms): Holding {
    this.granted += 1;
    const { signal } = lock;
    const holding: Holding = { process, lock, terms, grantedAt: this.#now(), isTold: signal.aborted };
    signal.addEventListener('abort', () => (holding.isTold = true));
    this.#holdings.add(holding);
    if (!lock.isHeld) this.fault('told in time', `${name(holding)} got what is lost already`);
    else this.#checkToken(holding);
    return holding;
  }

  /** The caller asks its lock, as callers do, whether it is safe. */
  looks(holding: Holding): void {
    const { lock } = holding;
    if (!lock.isHeld) return;
    if (holding.isTold) this.fault('told in time', `${name(holding)} is held after its loss was told`);
    for (const key of lock.keys) this.#checkTruth(holding, key);
  }

  releases(holding: Holding): void {
    this.#holdings.delete(holding);
  }

  /** After each step of the world. */
  judge(): void {
    const believers = new Map<string, Holding>();
    for (const holding of this.#holdings) {
      const { process, isTold, lock } = holding;
      if (process.isDead || isTold) this.#holdings.delete(holding);
      else if (process.isAtRest) for (const key of lock.keys) if (this.#checkTruth(holding, key)) this.#checkAlone(believers, holding, key);
    }
    for (const waiting of this.#waitings) {
      if (waiting.process.isDead) this.#waitings.delete(waiting);
      else if (waiting.process.isAtRest) this.#checkPatience(waiting);
    }
    for (const key of this.#keys) {
      this.#checkIdle(key);
      if (this.#weather.isGentle) this.#checkOrphan(key);
      if (this.#isCalm) this.#checkQueue(key);
    }
  }

  #checkPatience({ process, what, since, limit, blockedBefore }: Waiting): void {
    const waited = process.clock.now() - since - (process.blockedMs - blockedBefore);
    if (waited > limit + TOLERANCE_MS) this.fault('patience', `${process.name} ${what} takes ${waited.toFixed(0)} ms, not ${limit}`);
  }

  #checkToken({ process, lock, grantedAt }: Holding): void {
    const { ledger } = this.#server;
    const token = lock.fencingToken;
    const blocks = lock.keys.map((key) => ledger.blockOf(key, token)).filter((block) => block !== undefined);
    const mintedAt = blocks[0]?.at ?? -Infinity;
    if (blocks.length === 0) this.fault('fencing', `${process.name} got the token ${token} that nobody minted`);
    for (const key of lock.keys) {
      const last = this.#lastToken.get(key) ?? 0;
      const mayBeLate = ledger.disturbedAt(key) >= mintedAt && token !== last;
      if (token <= last && !mayBeLate) this.fault('fencing', `${process.name} got the token ${token} for ${key} after ${last} at ${grantedAt}`);
      this.#lastToken.set(key, Math.max(last, token));
    }
  }

  /** Whoever is not told of a loss has the key on the server; or had it, and can not know yet that it was taken away. Tells whether it has it. */
  #checkTruth(holding: Holding, key: string): boolean {
    const { lock, process } = holding;
    const holder = this.#server.holder(key);
    const value = this.#server.ledger.blockOf(key, lock.fencingToken)?.value;
    if (value === undefined) return this.#checkRaised(holding, key, holder);
    const life = this.#server.ledger.life(key, value);
    if (holder === value) {
      const claimed = this.#now() + (lock.expiresAt - process.clock.epoch()) / process.rate;
      if (lock.keys.length === 1 && claimed > (life?.until ?? 0)) this.fault('told in time', `${name(holding)} claims ${(claimed - (life?.until ?? 0)).toFixed(1)} ms too much`);
      return true;
    }
    if (life?.disturbedAt !== undefined && this.#now() <= this.#excusedUntil(holding, life)) return false;
    const isOthers = holder !== undefined && !holder.startsWith(RESERVED);
    this.fault(isOthers ? 'exclusion' : 'told in time', `${name(holding)} believes to hold ${key}, which is ${holder ?? 'free'}`);
    return false;
  }

  /** Of several keys, where the token is another's: known are only whose value it is, and when the key was taken away. */
  #checkRaised(holding: Holding, key: string, holder: string | undefined): boolean {
    const { lock, grantedAt } = holding;
    const value = lock.keys.map((other) => this.#server.ledger.blockOf(other, lock.fencingToken)?.value).find((other) => other !== undefined);
    const instance = value?.slice(0, value.indexOf('#') + 1);
    if (instance !== undefined && holder?.startsWith(instance) === true) return true;
    const takenAt = this.#server.ledger.disturbedAt(key);
    if (takenAt >= grantedAt - this.#maxTtl && this.#now() <= takenAt + this.#maxTtl) return false;
    this.fault(holder === undefined ? 'told in time' : 'exclusion', `${name(holding)} believes to hold ${key}, which is ${holder ?? 'free'}`);
    return false;
  }

  /** Who renews over a link that works learns of the loss by the next renewal, everyone else at the end of the lease. */
  #excusedUntil({ process, terms }: Holding, { until, ttl, disturbedAt = 0 }: Life): number {
    if (!terms.renew || !this.#isReliable || process.lastPauseAt >= disturbedAt) return until;
    return Math.min(until, disturbedAt + (ttl / 3) * 1.02 + 4 * this.#weather.latency + TOLERANCE_MS);
  }

  /** A process in which nobody has the key does not keep it, once its link works: what it may have got unknown is given to who waits, or swept. Callers who do not just hold and release keep some. */
  #checkOrphan(key: string): void {
    const holder = this.#server.holder(key);
    const isUser = ({ process }: { readonly process: SimulatedProcess }): boolean => holder?.startsWith(process.engineName ?? ' ') === true;
    // Whoever wants several has some of them before it has them all.
    const isWanted = some(this.#waitings, (waiting) => waiting.key === undefined && isUser(waiting));
    const isBusy = isWanted || some(this.#holdings, (holding) => holding.lock.keys.includes(key) && isUser(holding));
    const isOrphan = holder !== undefined && !holder.startsWith(RESERVED) && !isBusy;
    const since = this.#lastsSince(`the value of ${key}`, isOrphan ? holder : undefined);
    const forMs = this.#now() - (this.#isReliable ? since : Math.max(since, this.clearSince));
    const limit = this.#isReliable ? 4 * this.#weather.latency + TOLERANCE_MS : 3 * COMMAND_TIMEOUT_MS;
    if (forMs > limit) this.fault('nothing left', `${key} holds ${holder} for ${forMs.toFixed(0)} ms, and nobody has it`);
  }

  #checkAlone(believers: Map<string, Holding>, holding: Holding, key: string): void {
    const other = believers.get(key);
    if (other !== undefined) this.fault('exclusion', `${name(holding)} and ${name(other)} hold ${key}`);
    believers.set(key, holding);
  }

  /** A free key is taken by those who wait for it, and a reservation by whom it is for. */
  #checkIdle(key: string): void {
    const holder = this.#server.holder(key);
    const isReserved = holder?.startsWith(RESERVED) === true;
    const waits = holder === undefined && some(this.#waitings, (waiting) => waiting.key === key && waiting.process.isAtRest);
    const since = this.#lastsSince(key, waits || isReserved ? (holder ?? 'free') : undefined);
    if (since === Infinity) return;
    // In rough weather a lost wake-up costs the rest of the lease that a process found when it came, and a rest before the next try.
    const limit = this.#isCalm ? 6 * this.#weather.latency + 4 * TOLERANCE_MS : this.#maxTtl + 2 * COMMAND_TIMEOUT_MS + 2_000;
    const from = this.#isCalm ? since : Math.max(since, this.clearSince, ...[...this.#waitings].map(({ process }) => process.lastPauseAt));
    if (this.#now() - from > limit) this.fault('liveness', `${key} is ${holder ?? 'free'} for ${(this.#now() - from).toFixed(0)} ms, and somebody waits`);
  }

  /** A process of which nobody waits does not stand in the queue. */
  #checkQueue(key: string): void {
    const [inbox] = this.#server.queue(key);
    const isWanted = inbox !== undefined && some(this.#waitings, ({ process, what }) => what.startsWith('acquire') && inbox.endsWith(process.name));
    const since = this.#lastsSince(`the queue of ${key}`, isWanted ? undefined : inbox);
    const forMs = this.#now() - since;
    if (forMs > 4 * this.#weather.latency + TOLERANCE_MS) this.fault('nothing left', `${inbox} stands in the queue of ${key} for ${forMs.toFixed(0)} ms, and nobody waits`);
  }

  /** Since when `state` is the state of it, without a break; `Infinity` for none. */
  #lastsSince(what: string, state: string | undefined): number {
    const now = this.#now();
    const before = this.#states.get(what);
    if (state === undefined) this.#states.delete(what);
    else if (before?.state !== state) this.#states.set(what, { state, since: now });
    else return before.since;
    return state === undefined ? Infinity : now;
  }
}

function some<T>(items: Iterable<T>, isIt: (item: T) => boolean): boolean {
  for (const item of items) if (isIt(item)) return true;
  return false;
}

function name({ process, lock }: Holding): string {
  return `${process.name} (token ${lock.fencingToken}, ${lock.keys.join()})`;
}
