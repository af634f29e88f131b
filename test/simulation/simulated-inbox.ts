import type { WakeListener } from '../../lib/stores/lock-store.interface.js';
import { Pipe } from './pipe.js';
import type { LinkInit } from './simulated-link.js';

const RETRY_MS = 50;

/** The connection on which a process is woken: opens again by itself, and until then nothing arrives. */
export class SimulatedInbox {
  readonly #init: LinkInit;
  readonly #listener: WakeListener;
  readonly #isRefused: boolean;
  #pipe: Pipe;
  #unsubscribe: () => void = () => undefined;
  #state: 'opening' | 'open' | 'refused' = 'opening';

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

  #connect(): void {
    const { process, server, channel, log } = this.#init;
    const pipe = (this.#pipe = this.#newPipe());
    if (!server.isUp) return this.#retry();
    pipe.toServer(() => {
      if (pipe.isCut) return;
      if (!this.#isRefused) this.#unsubscribe = server.subscribe(channel, (key) => this.#deliver(pipe, key));
      pipe.toClient(() => process.post('io', () => this.#onSubscribed(pipe)));
    });
    // A server that went down meanwhile says nothing.
    process.time.setTimer(2_000, () => {
      if (this.#state === 'opening' && this.#pipe === pipe && !pipe.isCut) log?.(process.name, 'inbox given up');
      if (this.#state === 'opening' && this.#pipe === pipe) this.cut();
    });
  }

  #onSubscribed(pipe: Pipe): void {
    const { process, log } = this.#init;
    if (pipe.isCut || this.#state !== 'opening') return;
    this.#state = this.#isRefused ? 'refused' : 'open';
    log?.(process.name, `inbox ${this.#state}`);
    if (this.#isRefused) this.#listener.onClosed(new Error('NOPERM'));
    else this.#listener.onOpen();
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
    if (this.#state === 'refused') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'opening';
    if (wasOpen) this.#listener.onClosed();
    this.#retry();
  }

  #retry(): void {
    const { process } = this.#init;
    process.time.setTimer(RETRY_MS, () => process.post('io', () => this.#connect()));
  }

  #newPipe(): Pipe {
    return new Pipe({ ...this.#init, notBefore: this.#init.time.now() });
  }
}
