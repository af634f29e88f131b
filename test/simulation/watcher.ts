import type { AcquireTerms } from '../../lib/engine/lock-engine.js';
import type { LockHandle } from '../../lib/engine/lock/lock-handle.js';
import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import { RESERVED } from '../../lib/stores/scripts/queue.lua.js';
import { KeyWatch } from './key-watch.js';
import type { Life } from './ledger.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { SimulatedRedis } from './simulated-redis.js';
import { TOLERANCE_MS, type Fault, type Holding, type Invariant, type Waiting, type Wish } from './watched.js';
import { isLinkReliable, longestWay, type Weather } from './weather.js';

/** How long a process may remember that its link failed: the rest after it, and the deadline of the next command. */
const MEMORY_MS = 2_000 + COMMAND_TIMEOUT_MS;

export interface WatcherInit {
  readonly server: SimulatedRedis;
  /** True time. */
  readonly now: () => number;
  readonly weather: Weather;
  readonly keys: readonly string[];
  readonly maxTtl: number;
  /** Since when all that a process asks is answered, and in time. */
  readonly goodSince: (process: SimulatedProcess) => number;
}

/** Knows the truth, and compares it with what the engines tell their callers. */
export class Watcher {
  readonly faults: Fault[] = [];
  granted = 0;
  /** When the weather became clear, on the true clock. */
  clearSince = Infinity;
  readonly #init: WatcherInit;
  readonly #isReliable: boolean;
  readonly #holdings = new Set<Holding>();
  readonly #waitings = new Set<Waiting>();
  readonly #lastToken = new Map<string, number>();
  readonly #keys: KeyWatch;

  constructor(init: WatcherInit) {
    this.#init = init;
    this.#isReliable = isLinkReliable(init.weather);
    this.#keys = new KeyWatch({
      ...init,
      holdings: this.#holdings,
      waitings: this.#waitings,
      fault: (invariant, what) => this.fault(invariant, what),
    });
  }

  fault(invariant: Invariant, what: string): void {
    this.faults.push({ invariant, what });
  }

  /** A caller begins to wait. */
  waits(wish: Wish): Waiting {
    const { process } = wish;
    const waiting: Waiting = {
      ...wish,
      begin: this.#init.now(),
      since: process.clock.now(),
      blockedBefore: process.blockedMs,
    };
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

  /** It is told that Redis is broken. That is also what a lease is worth that ends before the reply is read. */
  isAlarmed({ process, what, begin }: Waiting): void {
    const { goodSince, weather } = this.#init;
    const roundTrip = 2 * longestWay(weather) + TOLERANCE_MS;
    const isLeaseTooShort =
      what.startsWith('acquire') && (process.lastPauseAt + MEMORY_MS >= begin || roundTrip > Math.min(...weather.ttls));
    if (!isLeaseTooShort && goodSince(process) + MEMORY_MS < begin)
      this.fault('no false alarm', `${process.name} ${what} is told that Redis is broken, and it is not`);
  }

  /** Its client has quit, and all that it sent has come. */
  hasQuit(process: SimulatedProcess): void {
    if (this.#isReliable) for (const key of this.#init.keys) this.#keys.checkGone(key, process);
  }

  gets(process: SimulatedProcess, lock: LockHandle, terms: AcquireTerms): Holding {
    this.granted += 1;
    const { signal } = lock;
    const holding: Holding = { process, lock, terms, grantedAt: this.#init.now(), isTold: signal.aborted };
    signal.addEventListener('abort', () => (holding.isTold = true));
    this.#holdings.add(holding);
    this.#keys.onGranted(lock.keys);
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
      else if (process.isAtRest)
        for (const key of lock.keys) if (this.#checkTruth(holding, key)) this.#checkAlone(believers, holding, key);
    }
    for (const waiting of this.#waitings) {
      if (waiting.process.isDead) this.#waitings.delete(waiting);
      else if (waiting.process.isAtRest) this.#checkPatience(waiting);
    }
    for (const key of this.#init.keys) this.#keys.judge(key, this.clearSince);
  }

  #checkPatience({ process, what, since, limit, blockedBefore, invariant = 'patience' }: Waiting): void {
    const waited = process.clock.now() - since - (process.blockedMs - blockedBefore);
    if (waited > limit + TOLERANCE_MS)
      this.fault(invariant, `${process.name} ${what} takes ${waited.toFixed(0)} ms, not ${limit}`);
  }

  #checkToken({ process, lock, grantedAt }: Holding): void {
    const { ledger } = this.#init.server;
    const token = lock.fencingToken;
    const blocks = lock.keys.map((key) => ledger.blockOf(key, token)).filter((block) => block !== undefined);
    const mintedAt = blocks[0]?.at ?? -Infinity;
    if (blocks.length === 0) this.fault('fencing', `${process.name} got the token ${token} that nobody minted`);
    for (const key of lock.keys) {
      const last = this.#lastToken.get(key) ?? 0;
      const mayBeLate = ledger.disturbedAt(key) >= mintedAt && token !== last;
      if (token <= last && !mayBeLate)
        this.fault('fencing', `${process.name} got the token ${token} for ${key} after ${last} at ${grantedAt}`);
      this.#lastToken.set(key, Math.max(last, token));
    }
  }

  /** Whoever is not told of a loss has the key on the server; or had it, and can not know yet that it was taken away. Tells whether it has it. */
  #checkTruth(holding: Holding, key: string): boolean {
    const { lock, process } = holding;
    const holder = this.#init.server.holder(key);
    const value = this.#init.server.ledger.blockOf(key, lock.fencingToken)?.value;
    if (value === undefined) return this.#checkRaised(holding, key, holder);
    const life = this.#init.server.ledger.life(key, value);
    if (holder === value) {
      const claimed = this.#init.now() + (lock.expiresAt - process.clock.epoch()) / process.rate;
      if (claimed > (life?.until ?? 0))
        this.fault('told in time', `${name(holding)} claims ${(claimed - (life?.until ?? 0)).toFixed(1)} ms too much`);
      return true;
    }
    if (life?.disturbedAt !== undefined && this.#init.now() <= this.#excusedUntil(holding, life)) return false;
    const isOthers = holder !== undefined && !holder.startsWith(RESERVED);
    this.fault(
      isOthers ? 'exclusion' : 'told in time',
      `${name(holding)} believes to hold ${key}, which is ${holder ?? 'free'}`,
    );
    return false;
  }

  /** Of several keys, where the token is another's: known are only whose value it is, and when the key was taken away. */
  #checkRaised(holding: Holding, key: string, holder: string | undefined): boolean {
    const { lock, grantedAt } = holding;
    const value = lock.keys
      .map((other) => this.#init.server.ledger.blockOf(other, lock.fencingToken)?.value)
      .find((other) => other !== undefined);
    const instance = value?.slice(0, value.indexOf('#') + 1);
    if (instance !== undefined && holder?.startsWith(instance) === true) return true;
    const takenAt = this.#init.server.ledger.disturbedAt(key);
    if (takenAt >= grantedAt - this.#init.maxTtl && this.#init.now() <= takenAt + this.#init.maxTtl) return false;
    this.fault(
      holder === undefined ? 'told in time' : 'exclusion',
      `${name(holding)} believes to hold ${key}, which is ${holder ?? 'free'}`,
    );
    return false;
  }

  /** Who renews over a link that works learns of the loss by the next renewal, everyone else at the end of the lease. */
  #excusedUntil({ process, terms }: Holding, { until, ttl, disturbedAt = 0 }: Life): number {
    if (!terms.renew || !this.#isReliable || process.lastPauseAt >= disturbedAt) return until;
    return Math.min(until, disturbedAt + (ttl / 3) * 1.02 + 4 * this.#init.weather.latency + TOLERANCE_MS);
  }

  #checkAlone(believers: Map<string, Holding>, holding: Holding, key: string): void {
    const other = believers.get(key);
    if (other !== undefined) this.fault('exclusion', `${name(holding)} and ${name(other)} hold ${key}`);
    believers.set(key, holding);
  }
}

function name({ process, lock }: Holding): string {
  return `${process.name} (token ${lock.fencingToken}, ${lock.keys.join()})`;
}
