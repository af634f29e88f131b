import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';

const MAIN = new URL('app/main.mjs', import.meta.url);
const START_MS = 20_000;
/** Whoever has not answered by then hangs. */
const LIMIT_MS = 10_000;

/** An app in a process of its own. */
export class AppProcess {
  #child;
  #port;
  #stderr = '';
  #syncs = 0;
  #waiting = new Set();
  /** All that it told, in order. */
  #events = [];

  constructor({ contestant, url, wait, hasCronJobs = false }) {
    this.#child = fork(MAIN, [contestant, url, String(wait), String(hasCronJobs)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr.on('data', (text) => (this.#stderr = `${this.#stderr}${text}`.slice(-2_000)));
    this.#child.on('message', (event) => {
      this.#events.push(event);
      for (const { isIt, arrived } of this.#waiting) if (isIt(event)) arrived();
    });
    this.ended = once(this.#child, 'exit').then(() => {
      for (const { failed } of this.#waiting) failed(`the process has ended. ${this.#stderr}`);
      return true;
    });
  }

  async started() {
    await this.until('listening', undefined, START_MS);
    this.#port = this.#events.find(({ event }) => event === 'listening').port;
  }

  /** Rejects when it does not happen in time, or cannot happen any more. */
  async until(event, name, limit = LIMIT_MS) {
    if (this.count(event, name) > 0) return;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw new Error(`not ${event} ${name}: the process has ended`);
    const isIt = (other) => other.event === event && other.name === name;
    const waiter = { isIt };
    const arrival = new Promise((resolve, reject) => {
      waiter.arrived = resolve;
      waiter.failed = (why) => reject(new Error(`not ${event} ${name ?? ''}: ${why}`));
    });
    this.#waiting.add(waiter);
    const timer = setTimeout(() => waiter.failed(`${limit} ms are over`), limit);
    await arrival.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(waiter);
    });
  }

  count(event, name) {
    return this.#events.filter((other) => other.event === event && other.name === name).length;
  }

  /** What was logged until now. */
  async errorsOf(name) {
    if (this.#child.connected) {
      const sync = `${(this.#syncs += 1)}`;
      this.#child.send({ sync });
      await this.until('synced', sync).catch(() => undefined);
    }
    return this.#events.filter((other) => other.event === 'error' && other.name === name).map(({ text }) => text);
  }

  /** What the client gets, over a connection of its own. */
  async get(path, headers = {}) {
    const begun = performance.now();
    const answer = await this.#answer({ path: `/${path}`, headers });
    return { ...answer, ms: Math.round(performance.now() - begun) };
  }

  async #answer(options) {
    const signal = AbortSignal.timeout(LIMIT_MS);
    try {
      const sent = request({ ...options, port: this.#port, host: '127.0.0.1', agent: false, signal }).end();
      const [response] = await once(sent, 'response', { signal });
      const body = Buffer.concat(await response.toArray()).toString();
      return { status: response.statusCode, retryAfter: response.headers['retry-after'], body };
    } catch (error) {
      return signal.aborted ? { hangs: true } : { broken: error.code };
    }
  }

  /** Lets work end that goes by this name. */
  open(name) {
    if (this.#child.connected) this.#child.send({ open: name });
  }

  callJob() {
    this.#child.send({ callJob: true });
  }

  terminate() {
    this.#child.kill('SIGTERM');
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
