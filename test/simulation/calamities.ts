import type { LockEngine } from '../../lib/engine/lock-engine.js';
import type { FakeClock } from '../support/fake-clock.js';
import type { SimulatedLink } from './simulated-link.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { SimulatedRedis } from './simulated-redis.js';
import type { Log } from './trace.js';
import type { Watcher } from './watcher.js';
import type { Weather } from './weather.js';

const GRACE_MS = 300;
/** Of the server's clock, back; the last fencing token of a key bridges it. */
const LONGEST_STEP_BACK_MS = 10_000;
const LONGEST_STEP_MS = 3_600_000;

export interface Inhabitant {
  readonly process: SimulatedProcess;
  readonly link: SimulatedLink;
  readonly engine: LockEngine;
}

export interface CalamitiesInit {
  readonly time: FakeClock;
  readonly server: SimulatedRedis;
  readonly random: () => number;
  readonly log: Log | undefined;
  readonly watcher: Watcher;
  readonly keys: readonly string[];
  readonly inhabitants: readonly Inhabitant[];
  /** True time after which nothing happens any more. */
  readonly until: number;
}

/** What happens to a server and to the processes that use it. */
export class Calamities {
  readonly #init: CalamitiesInit;

  constructor(init: CalamitiesInit) {
    this.#init = init;
  }

  /** What is going to happen to whom. */
  plan(weather: Weather): void {
    for (const inhabitant of this.#init.inhabitants) this.#planFor(inhabitant, weather);
    this.#every(weather.everyFlush, () => this.#flush());
    this.#every(weather.everyRestart, () => this.#restart());
    this.#every(weather.everyStep, () => this.#step());
    this.#every(weather.everyForeigner, () => this.#foreigner());
  }

  #planFor({ process, link, engine }: Inhabitant, weather: Weather): void {
    this.#every(weather.everyCut, () => link.cut());
    this.#every(weather.everySilence, () => link.fallSilent(this.#upTo(2_500)));
    this.#every(weather.everyInboxCut, () => link.cutInbox());
    this.#every(weather.everyInboxSilence, () => link.silenceInbox());
    this.#every(weather.everyPause, () => this.#stop(process, 'is blocked', (ms) => process.pause(ms)));
    this.#every(weather.everySuspend, () => this.#stop(process, 'is suspended', (ms) => process.suspend(ms)));
    this.#every(weather.everyDeath, () => this.#kill(process, link));
    this.#every(weather.everyShutdown, () => process.post('user', () => void this.#shutDown(process, link, engine)));
    this.#every(weather.everyForce, () =>
      process.post('user', () => void engine.forceRelease(this.#oneKey()).catch(() => undefined)),
    );
  }

  #every(mean: number, event: () => void): void {
    if (mean === Infinity) return;
    const { time, random, until } = this.#init;
    const next = (): void => {
      const delay = mean * -Math.log(1 - random());
      if (time.now() + delay >= until) return;
      time.setTimer(delay, () => {
        event();
        next();
      });
    };
    next();
  }

  #stop({ name }: SimulatedProcess, what: string, stop: (ms: number) => void): void {
    const ms = this.#upTo(this.#init.random() < 0.5 ? 50 : 2_000);
    this.#init.log?.(name, `${what} for ${ms.toFixed(0)} ms`);
    stop(ms);
  }

  #kill(process: SimulatedProcess, link: SimulatedLink): void {
    this.#init.log?.(process.name, 'dies');
    process.die();
    link.cut();
    link.cutInbox();
  }

  async #shutDown(process: SimulatedProcess, link: SimulatedLink, engine: LockEngine): Promise<void> {
    const { watcher, log } = this.#init;
    log?.(process.name, 'shuts down');
    await engine.close(GRACE_MS);
    link.quit(() => watcher.hasQuit(process));
  }

  #flush(): void {
    const { server, keys, log } = this.#init;
    log?.('server', 'loses its data');
    server.flush(keys);
  }

  #restart(): void {
    const { server, inhabitants, time, log } = this.#init;
    log?.('server', 'goes down');
    server.isUp = false;
    for (const { link } of inhabitants) {
      link.cut();
      link.cutInbox();
    }
    if (this.#init.random() < 0.5) this.#flush();
    time.setTimer(this.#upTo(1_500), () => {
      log?.('server', 'is up');
      server.isUp = true;
    });
  }

  /** Little by little back, and sometimes far ahead. */
  #step(): void {
    const { server, random, log } = this.#init;
    const far = random() < 0.2;
    const ms = random() < 0.5 ? -this.#upTo(far ? LONGEST_STEP_BACK_MS : 200) : this.#upTo(far ? LONGEST_STEP_MS : 200);
    log?.('server', `its clock steps by ${ms.toFixed(0)} ms`);
    server.step(ms);
  }

  #foreigner(): void {
    const { server, time, random, log } = this.#init;
    const key = this.#oneKey();
    const value = `foreign-${time.now()}`;
    const ttl = random() < 0.2 ? Infinity : 100 + Math.floor(this.#upTo(700));
    const isIn = server.set(key, value, ttl, random() < 0.7);
    log?.('foreign', `${isIn ? 'takes' : 'finds'} ${key} for ${ttl} ms`);
    if (isIn) time.setTimer(this.#upTo(500), () => server.compareAndDelete(key, value));
  }

  #oneKey(): string {
    const { keys } = this.#init;
    return keys[Math.floor(this.#upTo(keys.length))] as string;
  }

  #upTo(most: number): number {
    return this.#init.random() * most;
  }
}
