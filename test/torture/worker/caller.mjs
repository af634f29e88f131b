import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.mjs';
import { tell } from './link.mjs';
import { Section } from './section.mjs';

const EXPECTED = ['LOCK_NOT_ACQUIRED', 'LOCK_BACKEND', 'LOCK_CLOSED', 'LOCK_LOST'];
const ABORTED = new Error('the caller has given up');

/** The four ways to take a lock and give it back; each tells what the release found, if it can know. */
const WAYS = {
  async acquire(locks, { keys, options }, enter) {
    const lock = await locks.acquire(keys, options);
    await enter(lock);
    return lock.release();
  },
  async tryAcquire(locks, { keys, options }, enter) {
    const lock = await locks.tryAcquire(keys, options);
    if (lock === null) return undefined;
    await enter(lock);
    return lock.release();
  },
  async withLock(locks, { keys, options }, enter) {
    await locks.withLock(keys, options, enter);
  },
  async using(locks, { keys, options }, enter) {
    const lock = await locks.acquire(keys, options);
    await enter(lock);
    await lock[Symbol.asyncDispose]();
  },
};

let sections = 0;
let wants = 0;

/** Takes locks, one after the other, until the service is closed. */
export class Caller {
  /** `makePlan`: what it does next, each time. */
  constructor({ locks, makePlan, pulse, worker }) {
    Object.assign(this, { locks, makePlan, pulse, worker });
    this.isClosed = false;
  }

  async run() {
    while (!this.isClosed) {
      const plan = this.makePlan();
      await this.#once(plan);
      await sleep(plan.pause);
    }
  }

  async #once(plan) {
    const { way, options, abortAfter = Infinity } = plan;
    const controller = new AbortController();
    const timer = abortAfter === Infinity ? undefined : setTimeout(() => controller.abort(ABORTED), abortAfter);
    const willing = Math.min(way === 'tryAcquire' ? 0 : options.wait, abortAfter);
    const calledAt = now();
    const served = this.pulse.waiting(calledAt, willing, plan);
    const noLongerWants = this.#tellWant(plan, willing, calledAt);
    let section;
    const settled = () => {
      clearTimeout(timer);
      served();
      noLongerWants();
    };
    const enter = (lock) => {
      settled();
      sections += 1;
      section = new Section(`${this.worker}/${sections}`, lock, plan, this.pulse);
      return section.run(calledAt);
    };
    try {
      const outcome = await WAYS[way](
        this.locks,
        { ...plan, options: { ...options, signal: controller.signal } },
        enter,
      );
      if (section === undefined) settled();
      section?.tellOver(outcome);
      this.pulse.count(section === undefined ? 'busy' : (outcome ?? 'released'));
    } catch (error) {
      if (section === undefined) settled();
      section?.tellOver(undefined);
      this.#judge(error);
    }
  }

  /** Who wants several keys wants one after the other, and nobody sees which. */
  #tellWant({ keys: [key, ...others] }, willing, at) {
    if (willing === 0 || others.length > 0) return () => undefined;
    wants += 1;
    const id = `${this.worker}/${wants}`;
    tell({ type: 'wanting', id, key, at });
    return () => tell({ type: 'wantsNoLonger', id, at: now() });
  }

  #judge(error) {
    if (error === ABORTED) return this.pulse.count('aborted');
    this.pulse.count(error?.code ?? 'unexpected');
    if (error?.code === 'LOCK_CLOSED') this.isClosed = true;
    if (!EXPECTED.includes(error?.code)) tell({ type: 'trouble', text: `unexpected error: ${error?.stack ?? error}` });
  }
}
