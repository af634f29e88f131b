import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { rejection } from '../support/watch.js';

/** What packages brought before Node had an AbortSignal of its own. */
class EmitterSignal {
  readonly #emitter = new EventEmitter();
  aborted = false;
  reason: unknown;

  get listeners(): number {
    return this.#emitter.listenerCount('abort');
  }

  addEventListener(type: string, listener: () => void): void {
    this.#emitter.on(type, listener);
  }

  removeEventListener(type: string, listener: () => void): void {
    this.#emitter.off(type, listener);
  }

  abort(reason: unknown): void {
    Object.assign(this, { aborted: true, reason });
    this.#emitter.emit('abort');
  }
}

describe('a signal that is not of this realm', () => {
  let nest: NestContext;

  beforeEach(async () => {
    nest = await startContext({ lock: { shutdownGrace: 0 } });
  });

  afterEach(() => nest.app.close());

  it('W6: is listened to while the caller waits, and no longer', async () => {
    const signal = new EmitterSignal();
    const options = { signal: signal as unknown as AbortSignal };
    const held = await nest.locks.acquire('key', options);
    expect(signal.listeners).toBe(0);
    const waiting = rejection(nest.locks.acquire('key', options));
    await eventually(() => signal.listeners === 1);
    signal.abort('enough');
    expect(await waiting).toBe('enough');
    expect(signal.listeners).toBe(0);
    await held.release();
  });

  it('W6: that does not work is told to the caller, who does not stay in the queue', async () => {
    const failure = new TypeError('no listeners here');
    const signal = {
      aborted: false,
      addEventListener() {
        throw failure;
      },
      removeEventListener() {
        throw failure;
      },
    };
    expect(await rejection(nest.locks.acquire('key', { signal: signal as unknown as AbortSignal }))).toBe(failure);
    await eventually(async () => (await nest.locks.inspect('key')) === null);
    const lock = await nest.locks.acquire('key', { wait: 0 });
    await lock.release();
  });
});
