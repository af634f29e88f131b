import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.mjs';
import { tell, write } from './link.mjs';

/**
 * One critical section: writes its fencing token to the register at its begin and at its end, also when the lock is lost meanwhile, and tells
 * until when its holder could believe that it was alone.
 */
export class Section {
  #id;
  #lock;
  #plan;
  #pulse;
  #heldUntil = 0;
  #lost;
  #end;

  constructor(id, lock, plan, pulse) {
    this.#id = id;
    this.#lock = lock;
    this.#plan = plan;
    this.#pulse = pulse;
    pulse.watch(id, lock);
  }

  async run(calledAt) {
    const { keys, fencingToken: token } = this.#lock;
    const { way, options, extendTo = 0, work } = this.#plan;
    const plan = { way, ...options, extendTo, work };
    const written = this.#write('begin', {
      keys,
      plan,
      token,
      ttl: Math.max(options.ttl, extendTo),
      renew: options.renew,
      calledAt,
    });
    this.#listen();
    await written;
    if (extendTo > 0) await this.#extend(extendTo);
    await sleep(work);
    await this.#write('end', { keys, token });
    this.#close();
  }

  /** The lock is given back. `outcome`: what the release found, where it tells. */
  tellOver(outcome) {
    tell({ type: 'over', section: this.#id, ...this.#end, outcome, settledAt: now() });
  }

  async #write(phase, about) {
    const held = this.#look();
    const isAccepted = await write({ section: this.#id, phase, ...held, ...about });
    // Kept from before the write was sent until after it was refused.
    if (this.#look().held && !isAccepted) tell({ type: 'refusedWhileHeld', section: this.#id, phase });
  }

  /** The time comes first: whoever is held afterwards was held then. */
  #look() {
    const at = now();
    const held = this.#lock.isHeld;
    if (held) this.#heldUntil = at;
    return { at, held };
  }

  #listen() {
    const { signal } = this.#lock;
    const note = () => (this.#lost ??= { at: now(), reason: signal.reason.reason });
    if (signal.aborted) note();
    else signal.addEventListener('abort', note, { once: true });
  }

  async #extend(ttl) {
    await this.#lock.extend(ttl).catch((error) => {
      if (error.code !== 'LOCK_LOST' && error.code !== 'LOCK_BACKEND') throw error;
    });
  }

  #close() {
    this.#pulse.unwatch(this.#id);
    const validUntil = now() + (this.#lock.expiresAt - Date.now());
    const { held } = this.#look();
    // Whoever lost it while the event loop was blocked stopped believing at the deadline.
    const believedUntil = this.#lost === undefined ? 0 : Math.min(this.#lost.at, validUntil);
    this.#end = {
      heldUntil: Math.max(this.#heldUntil, believedUntil),
      isHeldAtEnd: held,
      lost: this.#lost,
      validUntil,
    };
  }
}
