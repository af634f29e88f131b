import { LockEngine } from '../../lib/engine/lock-engine.js';
import { QUEUE_MS } from '../../lib/scripts/queue.lua.js';
import { FakeClock } from '../support/fake-clock.js';
import { randomFrom } from '../support/random.js';
import { Caller, KEYS, LONGEST_EXTENSION } from './caller.js';
import { SimulatedLink } from './simulated-link.js';
import { SimulatedProcess } from './simulated-process.js';
import { SimulatedRedis } from './simulated-redis.js';
import type { Log } from './trace.js';
import { Watcher, type Fault } from './watcher.js';
import { CLEAR, isLinkReliable, WEATHERS, type Weather } from './weather.js';

const PROCESSES = 3;
const STORM_MS = 4_000;
/** How long everything may take to come to its end in clear weather. */
const CLEAR_MS = 60_000;
/** What a clock may be off, a little less than the engine allows for. */
const DRIFT = 0.009;

interface Inhabitant {
  readonly process: SimulatedProcess;
  readonly link: SimulatedLink;
  readonly engine: LockEngine;
}

/** A server and some processes with their callers: first in bad weather, then in clear. All of it follows from the seed. */
export class World {
  readonly time = new FakeClock();
  readonly weather: Weather;
  readonly watcher: Watcher;
  readonly #server = new SimulatedRedis(this.time);
  readonly #random: () => number;
  readonly #log: Log | undefined;
  readonly #inhabitants: readonly Inhabitant[];
  readonly #callers: readonly Caller[];
  readonly #maxTtl: number;
  #current: Weather;

  constructor(seed: number, logTo?: (time: FakeClock) => Log) {
    this.#random = randomFrom(seed);
    this.#log = logTo?.(this.time);
    this.weather = this.#current = WEATHERS[seed % WEATHERS.length] as Weather;
    this.#maxTtl = Math.max(LONGEST_EXTENSION, ...this.weather.ttls);
    this.watcher = new Watcher({ server: this.#server, now: () => this.time.now(), weather: this.weather, keys: KEYS, maxTtl: this.#maxTtl });
    this.#inhabitants = Array.from({ length: PROCESSES }, (_, index) => this.#settle(`p${index + 1}`));
    this.#callers = this.#inhabitants.flatMap(({ process, engine }) => Array.from({ length: this.weather.callers }, () => this.#newCaller(process, engine)));
  }

  /** The first thing that went wrong, if anything did. */
  async live(): Promise<Fault | undefined> {
    const { watcher, time } = this;
    this.#plan();
    for (const caller of this.#callers) void caller.live();
    const begin = time.now();
    if (!(await this.#run(begin + STORM_MS, () => false))) return watcher.faults[0];
    this.#clearUp();
    if (!(await this.#run(begin + STORM_MS + CLEAR_MS, () => this.#isOver()))) return watcher.faults[0];
    if (!this.#isOver()) watcher.fault('liveness', `in the end ${this.#waiting().join()} still wait`);
    if (this.weather.isGentle && isLinkReliable(this.weather)) {
      await this.#run(time.now() + 100, () => false);
      this.#checkLeft();
    }
    await this.#run(time.now() + 3 * this.#maxTtl + QUEUE_MS, () => false);
    this.#checkLeft();
    this.#checkAlarms();
    return watcher.faults[0];
  }

  /** `false` when something went wrong. */
  async #run(end: number, isDone: () => boolean): Promise<boolean> {
    const { time, watcher } = this;
    while (!isDone() && time.ring(end)) {
      await time.settle();
      watcher.judge();
      if (watcher.faults.length > 0) return false;
    }
    if (!isDone()) time.block(end - time.now());
    return true;
  }

  #settle(name: string): Inhabitant {
    const { time, watcher } = this;
    const random = this.#random;
    const onThrown = (error: unknown): void => watcher.fault('no crash', `${name} threw ${error instanceof Error ? error.stack : String(error)}`);
    const process = new SimulatedProcess({ name, time, random, rate: 1 + DRIFT * (2 * random() - 1), offset: random() * 100_000, onThrown });
    const link = new SimulatedLink({ process, server: this.#server, time, random, weather: () => this.#current, channel: `inbox:${name}`, log: this.#log });
    const observer = {
      lost: (error: Error) => this.#log?.(name, error.message),
      releaseUnconfirmed: () => undefined,
      wakeUpsRefused: () => undefined,
      wakeUpsFail: () => undefined,
    };
    const quantum = random() < 0.3 ? { handOvers: 30, ms: 3_000 } : { handOvers: Math.floor(random() * 4), ms: random() * 300 };
    const maxWaiters = random() < 0.1 ? 1 : Infinity;
    return { process, link, engine: new LockEngine({ store: link, clock: process.clock, random, observer, maxWaiters, quantum }) };
  }

  #newCaller(process: SimulatedProcess, engine: LockEngine): Caller {
    const { watcher, time } = this;
    return new Caller({ process, engine, watcher, random: this.#random, log: this.#log, weather: this.weather, until: time.now() + STORM_MS });
  }

  /** What is going to happen to whom. */
  #plan(): void {
    const { weather } = this;
    for (const { process, link, engine } of this.#inhabitants) {
      this.#every(weather.everyCut, () => link.cut());
      this.#every(weather.everySilence, () => link.fallSilent(this.#random() * 2_500));
      this.#every(weather.everyInboxCut, () => link.cutInbox());
      this.#every(weather.everyPause, () => this.#pause(process));
      this.#every(weather.everyDeath, () => this.#kill(process, link));
      this.#every(weather.everyShutdown, () => process.post('user', () => void engine.close(300)));
      this.#every(weather.everyForce, () => process.post('user', () => void engine.forceRelease(this.#oneKey()).catch(() => undefined)));
    }
    this.#every(weather.everyFlush, () => this.#flush());
    this.#every(weather.everyRestart, () => this.#restart());
    this.#every(weather.everyStepBack, () => this.#server.stepBack(this.#random() * 200));
    this.#every(weather.everyForeigner, () => this.#foreigner());
  }

  #every(mean: number, event: () => void): void {
    if (mean === Infinity) return;
    const end = this.time.now() + STORM_MS;
    const next = (): void => {
      const delay = mean * -Math.log(1 - this.#random());
      if (this.time.now() + delay >= end) return;
      this.time.setTimer(delay, () => {
        event();
        next();
      });
    };
    next();
  }

  #pause(process: SimulatedProcess): void {
    const ms = this.#random() * (this.#random() < 0.5 ? 50 : 2_000);
    this.#log?.(process.name, `blocked for ${ms.toFixed(0)} ms`);
    process.pause(ms);
  }

  #kill(process: SimulatedProcess, link: SimulatedLink): void {
    this.#log?.(process.name, 'dies');
    process.die();
    link.cut();
    link.cutInbox();
  }

  #flush(): void {
    this.#log?.('server', 'loses its data');
    this.#server.flush(KEYS);
  }

  #restart(): void {
    const server = this.#server;
    this.#log?.('server', 'goes down');
    server.isUp = false;
    for (const { link } of this.#inhabitants) {
      link.cut();
      link.cutInbox();
    }
    if (this.#random() < 0.5) this.#flush();
    this.time.setTimer(this.#random() * 1_500, () => {
      this.#log?.('server', 'is up');
      server.isUp = true;
    });
  }

  #foreigner(): void {
    const key = this.#oneKey();
    const value = `foreign-${this.time.now()}`;
    const ttl = this.#random() < 0.2 ? Infinity : 100 + Math.floor(this.#random() * 700);
    const isIn = this.#server.set(key, value, ttl, this.#random() < 0.7);
    this.#log?.('foreign', `${isIn ? 'takes' : 'finds'} ${key} for ${ttl} ms`);
    if (isIn) this.time.setTimer(this.#random() * 500, () => this.#server.compareAndDelete(key, value));
  }

  #clearUp(): void {
    this.#log?.('world', 'clears up');
    this.#current = { ...CLEAR, resends: this.weather.resends };
    this.watcher.clearSince = this.time.now();
    // A connection that is silent by now would stay so.
    if (this.weather.everySilence !== Infinity) for (const { link } of this.#inhabitants) link.cut();
  }

  #isOver(): boolean {
    return this.#callers.every((caller) => caller.isOver || caller.process.isDead);
  }

  #waiting(): string[] {
    return this.#callers.filter((caller) => !caller.isOver && !caller.process.isDead).map(({ process }) => process.name);
  }

  #checkLeft(): void {
    for (const key of KEYS) {
      const holder = this.#server.holder(key);
      const queue = this.#server.queue(key);
      if (holder !== undefined || queue.length > 0) this.watcher.fault('nothing left', `${key} holds ${holder ?? 'nothing'}, in its queue stand ${queue.length}`);
    }
  }

  #checkAlarms(): void {
    for (const { process } of this.#inhabitants) if (process.alarms > 0) this.watcher.fault('nothing left', `${process.alarms} alarms of ${process.name} are set`);
  }

  #oneKey(): string {
    return KEYS[Math.floor(this.#random() * KEYS.length)] as string;
  }
}
