import { now } from './clock.mjs';

/** How long after the death of who sent it, or the timeout of its answer, a command may still be executed: no halt of the server is longer. */
const LATEST_EXECUTION_MS = 3_000;

/** Everything that happened, all times on the machine's monotonic clock. Plain data, for the checker. */
export class History {
  /** Critical sections by id. */
  sections = new Map();
  /** Keys that were taken away from outside, at some moment from `from` to `to`; all keys without `keys`. */
  losses = [];
  /** Times in which the server did not answer everybody. */
  outages = [];
  /** By worker, times in which it did not run. */
  pauses = new Map();
  /** Writes that the register refused although their lease was kept all the time. */
  refusedWhileHeld = [];
  /** Calls that waited for one lock, by id: its key, from when until when, and whose they were. */
  wants = new Map();
  /** By key, times in which Redis did not have the key of the lock. */
  absences = new Map();
  /** Times in which this machine stood still. */
  stalls = [];
  waits = { beyond: 0, tries: 0, plan: undefined };
  counts = {};
  troubles = [];
  /** What is added to a time here to get milliseconds since the epoch, by which fencing tokens count. */
  epoch = Date.now() - now();
  /** By worker, when it was heard of last. */
  #heard = new Map();
  /** Losses whose end is not known yet, by worker and id. */
  #open = new Map();

  outage(from, to) {
    this.outages.push({ from, to });
  }

  stall(from, to) {
    this.stalls.push([from, to]);
  }

  absence(key, from, to) {
    if (!this.absences.has(key)) this.absences.set(key, []);
    this.absences.get(key).push({ from, to });
  }

  wanting(worker, { id, key, at }) {
    this.wants.set(id, { worker, key, from: at, to: Infinity });
  }

  wantsNoLonger(_worker, { id, at }) {
    this.wants.get(id).to = at;
  }

  loss({ keys, from, to }) {
    this.losses.push({ keys, from, to });
  }

  begin(worker, { section: id, at, held, keys, plan, token, ttl, renew, calledAt }) {
    this.sections.set(id, {
      id,
      worker,
      keys,
      plan,
      token,
      ttl,
      renew,
      calledAt,
      begin: at,
      isHeldAtBegin: held,
      heldUntil: at,
    });
  }

  /** A holder that nobody knows but Redis: a program that uses `SET NX PX`. */
  foreign(section) {
    this.sections.set(section.id, {
      worker: 'outside',
      renew: false,
      isHeldAtBegin: true,
      calledAt: section.begin,
      ...section,
    });
  }

  held(id, at) {
    const section = this.sections.get(id);
    if (section !== undefined) section.heldUntil = Math.max(section.heldUntil, at);
  }

  over({ section: id, heldUntil, ...end }) {
    this.held(id, heldUntil);
    const section = this.sections.get(id);
    if (section !== undefined) section.end = end;
  }

  beat(worker, { at, held, pauses, waits, counts }) {
    this.#heard.set(worker, at);
    for (const id of held) this.held(id, at);
    if (pauses.length > 0) this.pauses.set(worker, [...(this.pauses.get(worker) ?? []), ...pauses]);
    if (waits.beyond > this.waits.beyond) this.waits.plan = waits.plan;
    for (const name of ['beyond', 'tries']) this.waits[name] = Math.max(this.waits[name], waits[name]);
    for (const [name, count] of Object.entries(counts)) this.counts[name] = (this.counts[name] ?? 0) + count;
  }

  lossBegun(worker, { id, key, at }) {
    const loss = { keys: [key], from: at, to: Infinity };
    this.losses.push(loss);
    this.#open.set(`${worker} ${id}`, loss);
  }

  lossEnded(worker, { id, at, isAnswered }) {
    const loss = this.#open.get(`${worker} ${id}`);
    if (loss === undefined) return; // Its worker has ended, and that was told first.
    loss.to = isAnswered ? at : at + LATEST_EXECUTION_MS;
    this.#open.delete(`${worker} ${id}`);
  }

  /** It may have stood still since it was heard of last. What it had under way may still happen for a while. */
  workerEnded(worker, at) {
    this.pauses.set(worker, [...(this.pauses.get(worker) ?? []), [this.#heard.get(worker) ?? at, at]]);
    for (const want of this.wants.values()) if (want.worker === worker) want.to = Math.min(want.to, at);
    for (const [name, loss] of this.#open) {
      if (!name.startsWith(`${worker} `)) continue;
      loss.to = at + LATEST_EXECUTION_MS;
      this.#open.delete(name);
    }
  }

  trouble(text) {
    this.troubles.push(text);
  }
}
