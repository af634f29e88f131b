import { fork } from 'node:child_process';
import { once } from 'node:events';

const WORKER = new URL('worker/worker.mjs', import.meta.url);
const START_MS = 20_000;
const CLOSE_MS = 3_000;

/** One client process, asked for one thing at a time. */
class Worker {
  #child;

  constructor(args) {
    this.#child = fork(WORKER, args, {
      execArgv: ['--expose-gc'],
      serialization: 'advanced',
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.ready = this.#reply(START_MS);
  }

  /** Rejects when there is no answer within `limit` ms. */
  ask(role, args, limit = START_MS) {
    const reply = this.#reply(limit);
    this.#child.send({ role, args });
    return reply;
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  async #reply(limit) {
    const settled = new AbortController();
    const { signal } = settled;
    const timer = setTimeout(() => settled.abort(), limit);
    const ended = once(this.#child, 'exit', { signal }).then(([code, killed]) => ({
      error: `the process ended: ${killed ?? code}`,
    }));
    const message = once(this.#child, 'message', { signal }).then(([reply]) => reply);
    try {
      const { value, error } = await Promise.race([message, ended]);
      if (error !== undefined) throw new Error(error);
      return value;
    } catch (error) {
      throw signal.aborted ? new Error(`no answer within ${Math.round(limit)} ms`) : error;
    } finally {
      clearTimeout(timer);
      ended.catch(() => undefined);
      message.catch(() => undefined);
      settled.abort();
    }
  }
}

/** The client processes of one contestant: started when first needed, kept warm between the scenes, replaced after a failure. */
export class Crew {
  #workers = [];

  /** `clientOptions` of ioredis. */
  constructor(contestant, url, clientOptions) {
    this.contestant = contestant;
    this.args = [contestant, url, JSON.stringify(clientOptions)];
  }

  async workers(count) {
    while (this.#workers.length < count) this.#workers.push(new Worker(this.args));
    const workers = this.#workers.slice(0, count);
    await Promise.all(workers.map((worker) => worker.ready));
    return workers;
  }

  /** Ends them as they are, with everybody who still waits. */
  kill() {
    for (const worker of this.#workers) worker.kill();
    this.#workers = [];
  }

  async close() {
    await Promise.allSettled(this.#workers.map((worker) => worker.ask('close', {}, CLOSE_MS)));
    this.kill();
  }
}
