import type { WakeListener } from '../../lib/engine/lock-store.interface.js';
import { Pipe } from './pipe.js';
import type { LinkInit } from './simulated-link.js';

const RETRY_MS = 50;
const RETRY_CAP_MS = 2_000;

/** What the server says to SUBSCRIBE: no for good, or an error that passes. */
type Answer = 'subscribed' | 'refused' | 'error';

/** The connection on which a process is woken: opens again by itself, and until then nothing arrives. */
export class SimulatedInbox {
  readonly #init: LinkInit;
  readonly #listener: WakeListener;
  readonly #isRefused: boolean;
  #pipe: Pipe;
  #unsubscribe: () => void = () => undefined;
  #state: 'opening' | 'open' | 'refused' | 'closed' = 'opening';
  /** Answers in a row that were errors. */
  #errors = 0;

  constructor(init: LinkInit, listener: WakeListener) {
    this.#init = init;
    this.#listener = listener;
    this.#isRefused = init.random() < init.weather().inboxRefusals;
    this.#pipe = this.#newPipe();
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isRefused(): boolean {
    return this.#state === 'refused';
  }

  /** The server may notice later than the client, or earlier. */
  cut(): void {
    const { process, time, random, log } = this.#init;
    if (this.#pipe.isCut || this.#state === 'refused') return;
    log?.(process.name, 'inbox cut');
    this.#pipe.cut();
    time.setTimer(random() * 200, this.#unsubscribe);
    this.#unsubscribe = () => undefined;
    time.setTimer(random() * 100, () => process.post('io', () => this.#onClose()));
  }

  /** It stays open, and from now on nothing comes out of it: neither side notices. */
  fallSilent(): void {
    const { process, log } = this.#init;
    if (this.#state !== 'open') return;
    log?.(process.name, 'inbox silent');
    this.#pipe.silence = 'back';
  }

  /** For good. */
  close(): void {
    this.#pipe.cut();
    this.#state = 'closed';
    this.#unsubscribe();
  }

  #connect(): void {
    const { process, server } = this.#init;
    if (this.#state === 'closed') return;
    const pipe = (this.#pipe = this.#newPipe());
    if (!server.isUp) return this.#retry(RETRY_MS);
    pipe.toServer(() => {
      if (pipe.isCut) return;
      const answer = this.#answer();
      if (answer === 'subscribed') this.#subscribe(pipe);
      pipe.toClient(() => process.post('io', () => this.#onAnswer(pipe, answer)));
    });
    // A server that went down meanwhile says nothing.
    process.time.setTimer(2_000, () => {
      if (this.#state === 'opening' && this.#pipe === pipe) this.cut();
    });
  }

  #answer(): Answer {
    const { random, weather } = this.#init;
    if (this.#isRefused) return 'refused';
    return random() < weather().inboxErrors ? 'error' : 'subscribed';
  }

  #subscribe(pipe: Pipe): void {
    const { server, channel } = this.#init;
    this.#unsubscribe = server.subscribe(channel, (key) => this.#deliver(pipe, key));
  }

  #onAnswer(pipe: Pipe, answer: Answer): void {
    const { process, log } = this.#init;
    if (pipe.isCut || this.#state !== 'opening') return;
    log?.(process.name, `inbox: ${answer}`);
    if (answer === 'error') return this.#onError(pipe);
    this.#errors = 0;
    this.#state = answer === 'refused' ? 'refused' : 'open';
    if (answer === 'refused') this.#listener.onClosed(new Error('NOPERM'));
    else this.#listener.onOpen();
  }

  #onError(pipe: Pipe): void {
    pipe.cut();
    this.#retry(Math.min(RETRY_MS * 2 ** this.#errors, RETRY_CAP_MS));
    this.#errors += 1;
  }

  #deliver(pipe: Pipe, key: string): void {
    const { process, random, weather, log } = this.#init;
    if (random() < weather().lostWakeUps) return void log?.(process.name, `wake-up for ${key} is lost`);
    pipe.toClient(() =>
      process.post('io', () => {
        log?.(process.name, `woken for ${key}`);
        this.#listener.onWake(key);
      }),
    );
  }

  #onClose(): void {
    if (this.#state === 'refused' || this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'opening';
    if (wasOpen) this.#listener.onClosed();
    this.#retry(RETRY_MS);
  }

  #retry(ms: number): void {
    const { process } = this.#init;
    process.time.setTimer(ms, () => process.post('io', () => this.#connect()));
  }

  #newPipe(): Pipe {
    return new Pipe({ ...this.#init, notBefore: this.#init.time.now() });
  }
}
