import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import { StoreFailure } from '../../lib/engine/lock-store.interface.js';
import type { FakeClock } from '../support/fake-clock.js';
import { Pipe } from './pipe.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { SimulatedRedis } from './simulated-redis.js';
import type { Log } from './trace.js';
import type { Weather } from './weather.js';

const RETRY_MS = 50;

export interface ConnectionInit {
  readonly process: SimulatedProcess;
  readonly server: SimulatedRedis;
  readonly time: FakeClock;
  readonly random: () => number;
  readonly weather: () => Weather;
  readonly log: Log | undefined;
}

export interface Question {
  /** The script and what it is about; its first word is the script's name. */
  readonly text: string;
  readonly run: (server: SimulatedRedis) => unknown;
}

interface Command extends Question {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (failure: StoreFailure) => void;
}

/** Calls of one script that travel together. */
type Batch = readonly Command[];

/**
 * How a client with the store's outbox talks to the server: at once while nothing is under way, else with what else is asked in the same turn. When a
 * connection breaks it makes another, until it quits.
 */
export class SimulatedConnection {
  readonly #init: ConnectionInit;
  #state: 'ready' | 'connecting' | 'down' | 'closed' = 'ready';
  #pipe: Pipe;
  /** Asked in this turn, while something is under way. */
  #turn: Command[] = [];
  /** Sent and not answered, in their order. */
  readonly #unanswered = new Set<Batch>();
  /** To be sent as soon as there is a connection. */
  #unsent: Batch[] = [];
  #reconnects = 0;
  #troubleAt = -Infinity;

  constructor(init: ConnectionInit) {
    this.#init = init;
    this.#pipe = new Pipe({ ...init, notBefore: 0 });
  }

  /** Grows with each connection that broke. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** Since when all that is asked is answered, and in time; `Infinity` while it is not. */
  get goodSince(): number {
    if (this.#state !== 'ready' || this.#pipe.isCut || this.#pipe.silence !== 'none') return Infinity;
    return Math.max(this.#troubleAt, this.#pipe.lateUntil);
  }

  ask(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const command: Command = { ...question, resolve, reject };
      if (this.#turn.length === 0 && this.#unanswered.size === 0) return this.#dispatch([command]);
      if (this.#turn.push(command) === 1) this.#init.time.setTimer(0, () => this.#flush());
    });
  }

  /** The connection breaks; the client notices in a while. */
  cut(): void {
    const { process, time, random, log } = this.#init;
    const pipe = this.#pipe;
    if (pipe.isCut) return;
    log?.(process.name, 'connection cut');
    pipe.cut();
    time.setTimer(random() * 50, () => process.post('io', () => this.#onClose()));
  }

  /** The connection takes in everything and answers nothing, until it breaks. */
  fallSilent(ms: number): void {
    const { process, time, random, log } = this.#init;
    const pipe = this.#pipe;
    pipe.silence = random() < 0.5 ? 'there' : 'back';
    log?.(process.name, `connection silent (${pipe.silence})`);
    time.setTimer(ms, () => {
      if (pipe === this.#pipe) this.cut();
    });
  }

  /** What was sent is executed and answered, what was not never is. `onLast`: everything that was sent has come. */
  quit(onLast: () => void): void {
    const { process, log } = this.#init;
    log?.(process.name, 'quits');
    this.#state = 'closed';
    for (const batch of [this.#turn.splice(0), ...this.#unsent.splice(0)]) this.#refuse(batch);
    this.#pipe.toServer(onLast);
  }

  #flush(): void {
    const commands = this.#turn.splice(0);
    while (commands.length > 0) {
      const name = nameOf(commands[0]);
      const end = commands.findIndex((command) => nameOf(command) !== name);
      this.#dispatch(commands.splice(0, end === -1 ? commands.length : end));
    }
  }

  #dispatch(batch: Batch): void {
    if (this.#state === 'ready') this.#transmit(batch, false);
    else if (this.#state === 'connecting') this.#unsent.push(batch);
    else this.#refuse(batch);
  }

  /** `isWithText`: so that the server need not know the script. */
  #transmit(batch: Batch, isWithText: boolean): void {
    const { process, log } = this.#init;
    const pipe = this.#pipe;
    this.#unanswered.add(batch);
    for (const { text } of batch) log?.(process.name, `> ${text}`);
    pipe.toServer(() => {
      const replies = this.#execute(batch, isWithText);
      pipe.toClient(() =>
        process.post('io', () => {
          // Read before the connection broke, or not at all.
          if (pipe === this.#pipe && this.#unanswered.delete(batch)) this.#onReplies(batch, replies);
        }),
      );
    });
  }

  #execute(batch: Batch, isWithText: boolean): readonly unknown[] | 'NOSCRIPT' {
    const { process, random, weather, log } = this.#init;
    const { noScripts, refusals } = weather();
    if (!isWithText && random() < noScripts) {
      log?.('server', `${process.name} ${nameOf(batch[0])}: NOSCRIPT`);
      return 'NOSCRIPT';
    }
    const isRefused = random() < refusals;
    return batch.map((command) => {
      const reply = isRefused
        ? new StoreFailure('OOM', { transient: true, applied: 'unknown' })
        : this.#executeOne(command);
      log?.('server', `${process.name} ${command.text}: ${describe(reply)}`);
      return reply;
    });
  }

  /** One may go wrong among others; perhaps when it had done its work. Never one that gives something back: who is told that it will not succeed does not try again. */
  #executeOne({ text, run }: Command): unknown {
    const { server, random, weather } = this.#init;
    const isPoisoned = random() < weather().poison && !/^(release|leave)/u.test(text);
    if (isPoisoned && random() < 0.5) return poisoned();
    const reply = run(server);
    return isPoisoned ? poisoned() : reply;
  }

  #onReplies(batch: Batch, replies: readonly unknown[] | 'NOSCRIPT'): void {
    if (replies === 'NOSCRIPT') {
      // Another round trip, for which a process that stood still may not have the time any more.
      this.#troubleAt = this.#init.time.now();
      return this.#transmit(batch, true);
    }
    batch.forEach((command, index) => this.#settle(command, replies[index]));
  }

  #settle({ text, resolve, reject }: Command, reply: unknown): void {
    const { process, time, log } = this.#init;
    log?.(process.name, `< ${text}: ${describe(reply)}`);
    if (!(reply instanceof StoreFailure)) return resolve(reply);
    this.#troubleAt = time.now();
    reject(reply);
  }

  #refuse(batch: Batch): void {
    const { process, log } = this.#init;
    for (const { text, reject } of batch) {
      log?.(process.name, `not sent: ${text}`);
      reject(
        new StoreFailure(`the connection is ${this.#state}`, { transient: this.#state !== 'closed', applied: 'no' }),
      );
    }
  }

  #onClose(): void {
    const isClosed = this.#state === 'closed';
    this.#state = isClosed ? 'closed' : 'down';
    this.#reconnects += 1;
    for (const batch of this.#unsent.splice(0)) this.#refuse(batch);
    if (isClosed || !this.#init.weather().resends) {
      const broken = new StoreFailure('the connection broke', { transient: true, applied: 'unknown' });
      for (const batch of this.#unanswered) for (const { reject } of batch) reject(broken);
      this.#unanswered.clear();
    }
    if (!isClosed) this.#later(() => this.#connect());
  }

  #connect(): void {
    const { server, time, process } = this.#init;
    if (this.#state === 'closed') return;
    if (!server.isUp) return this.#later(() => this.#connect());
    this.#state = 'connecting';
    const pipe = (this.#pipe = new Pipe({ ...this.#init, notBefore: Math.max(time.now(), this.#pipe.drainedAt) }));
    pipe.toServer(() => pipe.toClient(() => process.post('io', () => this.#onReady(pipe))));
    time.setTimer(2 * COMMAND_TIMEOUT_MS, () => {
      if (this.#state === 'connecting' && pipe === this.#pipe) this.cut();
    });
  }

  #onReady(pipe: Pipe): void {
    if (pipe !== this.#pipe || pipe.isCut || this.#state !== 'connecting') return;
    this.#state = 'ready';
    this.#troubleAt = this.#init.time.now();
    const batches = [...this.#unanswered, ...this.#unsent.splice(0)];
    this.#unanswered.clear();
    for (const batch of batches) this.#transmit(batch, false);
  }

  #later(work: () => void): void {
    const { process, time } = this.#init;
    time.setTimer(RETRY_MS, () => process.post('io', work));
  }
}

function nameOf(command: Question | undefined): string {
  return command?.text.split(' ', 1)[0] ?? '';
}

function poisoned(): StoreFailure {
  return new StoreFailure('a script was answered with something else than an integer', {
    transient: false,
    applied: 'unknown',
  });
}

function describe(reply: unknown): string {
  return reply instanceof StoreFailure ? reply.message : JSON.stringify(reply);
}
