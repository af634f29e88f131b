import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import type { ReleaseOutcome } from '../../lib/interfaces/lock.interface.js';
import { decodeAcquire, decodeRelay, decodeRelease, decodeRenew } from '../../lib/stores/redis-replies.js';
import {
  StoreFailure,
  type AcquireOutcome,
  type AcquireRequest,
  type LockStore,
  type RelayOutcome,
  type RelayRequest,
  type RenewOutcome,
  type StoredLock,
  type WakeListener,
} from '../../lib/stores/lock-store.interface.js';
import type { FakeClock } from '../support/fake-clock.js';
import { Pipe } from './pipe.js';
import { SimulatedInbox } from './simulated-inbox.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { SimulatedRedis } from './simulated-redis.js';
import type { Log } from './trace.js';
import type { Weather } from './weather.js';

const RETRY_MS = 50;

export interface LinkInit {
  readonly process: SimulatedProcess;
  readonly server: SimulatedRedis;
  readonly time: FakeClock;
  readonly random: () => number;
  readonly weather: () => Weather;
  /** The process's inbox. */
  readonly channel: string;
  readonly log: Log | undefined;
}

interface Command {
  readonly text: string;
  /** On the server. */
  readonly run: () => unknown;
  /** Connections that had broken when it was made. */
  readonly reconnects: number;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (failure: StoreFailure) => void;
}

/** One process' way to the server, as the store on Redis with its client is one. */
export class SimulatedLink implements LockStore {
  readonly commandTimeout = COMMAND_TIMEOUT_MS;
  readonly #init: LinkInit;
  #state: 'ready' | 'connecting' | 'down' = 'ready';
  #pipe: Pipe;
  /** Sent and not answered, in their order. */
  readonly #unanswered = new Set<Command>();
  /** To be sent as soon as there is a connection. */
  #unsent: Command[] = [];
  #reconnects = 0;
  #inbox: SimulatedInbox | undefined;

  constructor(init: LinkInit) {
    this.#init = init;
    this.#pipe = new Pipe({ ...init, notBefore: 0 });
  }

  acquire({ key, value, ttl, tokens }: AcquireRequest): Promise<AcquireOutcome> {
    this.#init.process.engineName ??= value.split(':', 3).join(':');
    return this.#ask(`acquire ${key} ${value} ${ttl} ${tokens}`, (server) => server.acquire(key, value, ttl, tokens), decodeAcquire);
  }

  contend({ key, value, ttl, tokens }: AcquireRequest): Promise<AcquireOutcome> {
    const { channel } = this.#init;
    return this.#ask(`contend ${key} ${value} ${ttl} ${tokens}`, (server) => server.contend(key, channel, value, ttl, tokens), decodeAcquire);
  }

  relay({ key, value, ttl, tokens, isHeld }: RelayRequest): Promise<RelayOutcome> {
    const inbox = this.#inbox?.isOpen === true ? this.#init.channel : '';
    const text = `relay ${key} ${value} ${ttl} ${tokens} ${isHeld ? 'held' : 'free'} ${inbox}`;
    return this.#ask(text, (server) => server.relay(key, inbox, value, ttl, tokens, isHeld), decodeRelay);
  }

  leave(key: string): Promise<void> {
    return this.#ask(`leave ${key}`, (server) => server.leave(key, this.#init.channel), () => undefined);
  }

  renew(key: string, value: string, ttl: number): Promise<RenewOutcome> {
    return this.#ask(`renew ${key} ${value} ${ttl}`, (server) => server.renew(key, value, ttl), decodeRenew);
  }

  raiseFence(key: string, value: string, ttl: number, floor: number): Promise<RenewOutcome> {
    return this.#ask(`raise-fence ${key} ${value} ${ttl} ${floor}`, (server) => server.raiseFence(key, value, ttl, floor), decodeRenew);
  }

  release(key: string, value: string, keepFor: number): Promise<ReleaseOutcome> {
    return this.#ask(`release ${key} ${value} ${keepFor}`, (server) => server.release(key, value, keepFor), decodeRelease);
  }

  inspect(key: string): Promise<StoredLock | null> {
    return this.#send(`inspect ${key}`, (server) => server.inspect(key)).then((reply) => reply as StoredLock | null);
  }

  forceRelease(key: string): Promise<boolean> {
    return this.#ask(`force-release ${key}`, (server) => server.forceRelease(key), (reply) => reply === 1);
  }

  listen(listener: WakeListener): void {
    this.#inbox ??= new SimulatedInbox(this.#init, listener);
  }

  open(): void {
    // It is open.
  }

  async close(): Promise<void> {
    // It stays: commands that are under way may arrive.
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

  cutInbox(): void {
    this.#inbox?.cut();
  }

  #ask<T>(text: string, run: (server: SimulatedRedis) => number, decode: (reply: number, isResent: boolean) => T): Promise<T> {
    const reconnects = this.#reconnects;
    return this.#send(text, run).then((reply) => decode(reply as number, this.#reconnects > reconnects));
  }

  #send(text: string, run: (server: SimulatedRedis) => unknown): Promise<unknown> {
    const { server } = this.#init;
    return new Promise((resolve, reject) => {
      const command: Command = { text, run: () => run(server), reconnects: this.#reconnects, resolve, reject };
      if (this.#state === 'down') this.#refuse(command);
      else if (this.#state === 'connecting') this.#unsent.push(command);
      else this.#transmit(command);
    });
  }

  #transmit(command: Command): void {
    const { process, random, weather, log } = this.#init;
    const pipe = this.#pipe;
    this.#unanswered.add(command);
    log?.(process.name, `> ${command.text}`);
    pipe.toServer(() => {
      const isRefused = random() < weather().refusals;
      const reply = isRefused ? new StoreFailure('OOM', { transient: true, applied: 'unknown' }) : command.run();
      log?.('server', `${process.name} ${command.text}: ${describe(reply)}`);
      pipe.toClient(() =>
        process.post('io', () => {
          // Read before the connection broke, or not at all.
          if (pipe === this.#pipe && this.#unanswered.delete(command)) this.#settle(command, reply);
        }),
      );
    });
  }

  #settle(command: Command, reply: unknown): void {
    this.#init.log?.(this.#init.process.name, `< ${command.text}: ${describe(reply)}`);
    if (reply instanceof StoreFailure) command.reject(reply);
    else command.resolve(reply);
  }

  #refuse({ text, reject }: Command): void {
    this.#init.log?.(this.#init.process.name, `not sent: ${text}`);
    reject(new StoreFailure('the connection is down', { transient: true, applied: 'no' }));
  }

  #onClose(): void {
    const { weather } = this.#init;
    this.#state = 'down';
    this.#reconnects += 1;
    for (const command of this.#unsent.splice(0)) this.#refuse(command);
    if (!weather().resends) {
      for (const { reject } of this.#unanswered) reject(new StoreFailure('the connection broke', { transient: true, applied: 'unknown' }));
      this.#unanswered.clear();
    }
    this.#later(() => this.#connect());
  }

  #connect(): void {
    const { server, time, process } = this.#init;
    if (!server.isUp) return this.#later(() => this.#connect());
    this.#state = 'connecting';
    const pipe = (this.#pipe = new Pipe({ ...this.#init, notBefore: Math.max(time.now(), this.#pipe.drainedAt) }));
    pipe.toServer(() => pipe.toClient(() => process.post('io', () => this.#onReady(pipe))));
    time.setTimer(2_000, () => {
      if (this.#state === 'connecting' && pipe === this.#pipe) this.cut();
    });
  }

  #onReady(pipe: Pipe): void {
    if (pipe !== this.#pipe || pipe.isCut || this.#state !== 'connecting') return;
    this.#state = 'ready';
    const commands = [...this.#unanswered, ...this.#unsent.splice(0)];
    this.#unanswered.clear();
    for (const command of commands) this.#transmit(command);
  }

  #later(work: () => void): void {
    const { process, time } = this.#init;
    time.setTimer(RETRY_MS, () => process.post('io', work));
  }
}

function describe(reply: unknown): string {
  return reply instanceof StoreFailure ? reply.message : JSON.stringify(reply);
}
