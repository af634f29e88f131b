import { LockEngine } from '../../lib/engine/lock-engine.js';
import type { QuantumTerms } from '../../lib/engine/queue/quantum.js';
import { QUANTUM_HANDOVERS, QUANTUM_MS } from '../../lib/redis-lock.constants.js';
import { QUEUE_MS } from '../../lib/stores/scripts/queue.lua.js';
import { FakeClock } from '../support/fake-clock.js';
import { randomFrom } from '../support/random.js';
import { Calamities, type Inhabitant } from './calamities.js';
import { Caller, KEYS, LONGEST_EXTENSION } from './caller.js';
import { ForeignProgram } from './foreign-program.js';
import { Regular } from './regular.js';
import { SimulatedLink } from './simulated-link.js';
import { SimulatedProcess } from './simulated-process.js';
import { SimulatedRedis } from './simulated-redis.js';
import type { Log } from './trace.js';
import type { Fault } from './watched.js';
import { Watcher } from './watcher.js';
import { areWakeUpsReliable, CLEAR, isCalm, WEATHERS, type Weather } from './weather.js';

const PROCESSES = 3;
const STORM_MS = 4_000;
/** How long everything may take to come to its end in clear weather. */
const CLEAR_MS = 300_000;
/** What a clock may be off, a little less than the engine allows for. */
const DRIFT = 0.009;

/** How many of the worlds have one server, not a Cluster. */
const ONE_SERVER = 0.7;

/** How long a process in the queue waits at most: some quanta of others. */
const WOKEN_LIMIT_MS = 400;
/** And one that polls. Each try may come while another has its turn, as one in ten does; so many in a row are no chance any more. */
const POLLER_LIMIT_MS = 3_400;
/** And one that is woken, or polls while it cannot be: a lost wake-up is a rest. */
const EITHER_LIMIT_MS = 3_000;
/** And a program that is in no queue, beside one process: until that leaves the key free. */
const STRANGER_LIMIT_MS = 2_500;

interface Habits {
  readonly callers: number;
  readonly pauses: number;
  readonly limit: number;
  readonly inboxRefusals?: number;
}

/** Whoever uses locks. */
interface Person {
  readonly isOver: boolean;
  readonly process?: SimulatedProcess;
  live(): unknown;
}

/** A server and some processes with their callers: first in bad weather, then in clear. All of it follows from the seed. */
export class World {
  readonly time = new FakeClock();
  readonly weather: Weather;
  readonly watcher: Watcher;
  readonly #server = new SimulatedRedis(this.time);
  readonly #random: () => number;
  /** Whether several keys can be taken by one command; not so those of a Cluster. */
  readonly #isOneServer: boolean;
  readonly #log: Log | undefined;
  readonly #inhabitants: Inhabitant[] = [];
  readonly #people: readonly Person[];
  readonly #maxTtl: number;
  readonly #stormEnd = this.time.now() + STORM_MS;
  #current: Weather;

  constructor(seed: number, logTo?: (time: FakeClock) => Log) {
    this.#random = randomFrom(seed);
    this.#isOneServer = this.#random() < ONE_SERVER;
    this.#log = logTo?.(this.time);
    this.weather = this.#current = WEATHERS[seed % WEATHERS.length] as Weather;
    this.#maxTtl = Math.max(LONGEST_EXTENSION, ...this.weather.ttls);
    const goodSince = (process: SimulatedProcess): number =>
      this.#inhabitants.find((inhabitant) => inhabitant.process === process)?.link.goodSince ?? Infinity;
    this.watcher = new Watcher({
      server: this.#server,
      now: () => this.time.now(),
      weather: this.weather,
      keys: KEYS,
      maxTtl: this.#maxTtl,
      goodSince,
    });
    this.#people = {
      'all sorts': () => this.#allSorts(),
      crowd: () => this.#crowd(),
      'crowd and stranger': () => this.#crowdAndStranger(),
    }[this.weather.people]();
  }

  /** The first thing that went wrong, if anything did. */
  async live(): Promise<Fault | undefined> {
    const { watcher, time, weather } = this;
    new Calamities({
      time,
      server: this.#server,
      random: this.#random,
      log: this.#log,
      watcher,
      keys: KEYS,
      inhabitants: this.#inhabitants,
      until: this.#stormEnd,
    }).plan(weather);
    for (const person of this.#people) void person.live();
    if (!(await this.#run(this.#stormEnd, () => false))) return watcher.faults[0];
    this.#clearUp();
    if (!(await this.#run(this.#stormEnd + CLEAR_MS, () => this.#isOver()))) return watcher.faults[0];
    if (!this.#isOver()) watcher.fault('liveness', `in the end ${this.#waiting().join()} still wait`);
    if (isCalm(weather)) {
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

  /** Processes of which each wants everything. */
  #allSorts(): Person[] {
    const { watcher, weather } = this;
    const random = this.#random;
    return Array.from({ length: PROCESSES }, (_, index) => {
      const quantum =
        random() < 0.3 ? { handOvers: 30, ms: 3_000 } : { handOvers: Math.floor(random() * 4), ms: random() * 300 };
      const { process, engine } = this.#settle(`p${index + 1}`, quantum);
      return Array.from(
        { length: weather.callers },
        () => new Caller({ process, engine, watcher, random, log: this.#log, weather, until: this.#stormEnd }),
      );
    }).flat();
  }

  /** One process wants a key without end; others come and go, of which one is woken and one is refused an inbox. Where all poll at times, it is chance when the one that always does comes in. */
  #crowd(): Person[] {
    const areWoken = areWakeUpsReliable(this.weather);
    const limit = areWoken ? WOKEN_LIMIT_MS : EITHER_LIMIT_MS;
    return [
      ...this.#regulars('p1', { callers: 5, pauses: 0, limit }),
      ...this.#regulars('p2', { callers: 2, pauses: 100, limit }),
      ...this.#regulars('p3', {
        callers: 1,
        pauses: 100,
        limit: areWoken ? POLLER_LIMIT_MS : Infinity,
        inboxRefusals: 1,
      }),
    ];
  }

  /** One process wants a key without end, and a program that uses no queue wants it, too. */
  #crowdAndStranger(): Person[] {
    const { watcher, time } = this;
    const onUnfair = (what: string): void => watcher.fault('fairness', what);
    const stranger = new ForeignProgram({
      time,
      server: this.#server,
      random: this.#random,
      log: this.#log,
      key: KEYS[0],
      until: this.#stormEnd,
      limit: STRANGER_LIMIT_MS,
      onUnfair,
    });
    return [...this.#regulars('p1', { callers: 5, pauses: 0, limit: STRANGER_LIMIT_MS }), stranger];
  }

  #regulars(name: string, { callers, pauses, limit, inboxRefusals = 0 }: Habits): Person[] {
    const { watcher } = this;
    const { process, engine } = this.#settle(name, { handOvers: QUANTUM_HANDOVERS, ms: QUANTUM_MS }, { inboxRefusals });
    return Array.from(
      { length: callers },
      () =>
        new Regular({
          process,
          engine,
          watcher,
          random: this.#random,
          key: KEYS[0],
          holds: 10,
          pauses,
          limit,
          until: this.#stormEnd,
        }),
    );
  }

  #settle(name: string, quantum: QuantumTerms, ofItsOwn: Partial<Weather> = {}): Inhabitant {
    const { time, watcher } = this;
    const random = this.#random;
    const onThrown = (error: unknown): void =>
      watcher.fault('no crash', `${name} threw ${error instanceof Error ? error.stack : String(error)}`);
    const process = new SimulatedProcess({
      name,
      time,
      random,
      rate: 1 + DRIFT * (2 * random() - 1),
      offset: random() * 100_000,
      onThrown,
    });
    const weather = (): Weather => ({ ...this.#current, ...ofItsOwn });
    const link = new SimulatedLink({
      process,
      server: this.#server,
      time,
      random,
      weather,
      channel: `inbox:${name}`,
      isOneServer: this.#isOneServer,
      log: this.#log,
    });
    const observer = {
      lost: (error: Error) => this.#log?.(name, error.message),
      releaseUnconfirmed: () => undefined,
      wakeUpsFail: () => undefined,
      wakeUpsRefused: () =>
        link.isInboxRefused
          ? undefined
          : watcher.fault('no false alarm', `${name} is told that its inbox is refused, and it is not`),
    };
    const maxWaiters = random() < 0.1 && this.weather.people === 'all sorts' ? 1 : Infinity;
    const inhabitant = {
      process,
      link,
      engine: new LockEngine({ store: link, clock: process.clock, random, observer, maxWaiters, quantum }),
    };
    this.#inhabitants.push(inhabitant);
    return inhabitant;
  }

  #clearUp(): void {
    this.#log?.('world', 'clears up');
    this.#current = { ...CLEAR, resends: this.weather.resends };
    this.watcher.clearSince = this.time.now();
    // A connection that is silent by now would stay so.
    if (this.weather.everySilence !== Infinity) for (const { link } of this.#inhabitants) link.cut();
  }

  #isOver(): boolean {
    return this.#people.every((person) => person.isOver || person.process?.isDead === true);
  }

  #waiting(): string[] {
    return this.#people
      .filter((person) => !person.isOver && person.process?.isDead !== true)
      .map(({ process }) => process?.name ?? 'a foreign program');
  }

  #checkLeft(): void {
    for (const key of KEYS) {
      const holder = this.#server.holder(key);
      const queue = this.#server.queue(key);
      if (holder !== undefined || queue.length > 0)
        this.watcher.fault('nothing left', `${key} holds ${holder ?? 'nothing'}, in its queue stand ${queue.length}`);
    }
  }

  #checkAlarms(): void {
    for (const { process } of this.#inhabitants)
      if (process.alarms > 0) this.watcher.fault('nothing left', `${process.alarms} alarms of ${process.name} are set`);
  }
}
