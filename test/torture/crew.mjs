import { fork } from 'node:child_process';
import { now } from './clock.mjs';
import { sharedKeys } from './keys.mjs';
import { randomFrom } from './random.mjs';

const WORKER = new URL('worker/worker.mjs', import.meta.url);
const CALLERS = 16;
const PATIENT_CALLERS = 6;
/** The grace for holders, and time for everything else. */
const OBEY_MS = 10_000;

/** The worker processes; one that ends is replaced. */
export class Crew {
  #context;
  #random;
  #guard;
  #workers = new Map();
  #isClosing = false;
  stubborn = 0;
  /** Of those who ended as apps end. */
  endedPids = new Set();
  /** Of those who were killed. */
  killedPids = new Set();
  started = 0;

  /** `context`: url, library, options, history, register; `guard` sees that a worker does not outlive this process. */
  constructor(context, guard) {
    this.#context = context;
    this.#random = randomFrom(context.options.seed + 1);
    this.#guard = guard;
  }

  start() {
    for (let index = 0; index < this.#context.options.processes; index += 1) this.#startWorker(index);
  }

  /** One that runs and is not halted, if there is one. */
  pick(random) {
    const awake = [...this.#workers.values()].filter(({ isReady, isHalted }) => isReady && !isHalted);
    return awake.length === 0 ? undefined : random.pick(awake);
  }

  /** All workers end as apps end; counts those who do not. */
  async close() {
    this.#isClosing = true;
    await Promise.all([...this.#workers.values()].map((worker) => this.#end(worker)));
  }

  /** At once, whatever state they are in. */
  kill() {
    this.#isClosing = true;
    for (const { child } of this.#workers.values()) child.kill('SIGKILL');
  }

  #startWorker(index) {
    const { url, library, options } = this.#context;
    this.started += 1;
    const name = `${index}.${this.started}`;
    const sabotage = index === 0 ? options.sabotage : undefined;
    const settings = {
      ...{ name, library, url, seed: this.#random.below(2 ** 31), sabotage },
      ...{
        callers: CALLERS,
        keyCount: options.keys,
        patientCallers: PATIENT_CALLERS,
        sharedKeys: sharedKeys(index, options.processes),
      },
    };
    const child = fork(WORKER, [JSON.stringify(settings)], { stdio: ['ignore', 2, 2, 'ipc'] });
    const worker = { name, child, pid: child.pid, isReady: false, isHalted: false, isKilled: false };
    const guardian = this.#guard(child.pid);
    worker.exited = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    this.#workers.set(name, worker);
    child.on('message', (message) => this.#onMessage(worker, message));
    child.on('error', () => undefined); // A message to a process that has just ended.
    child.once('exit', (code, signal) => {
      guardian.kill('SIGKILL');
      this.#onExit(index, worker, signal ?? code);
    });
  }

  #onMessage(worker, message) {
    const { history, register } = this.#context;
    const { name, child } = worker;
    if (message.type === 'write') {
      if (message.phase === 'begin') history.begin(name, message);
      const isAccepted = register.write(message.keys, message.token);
      if (child.connected) child.send({ type: 'ack', id: message.id, isAccepted });
    } else if (message.type === 'ready') worker.isReady = true;
    else if (message.type === 'over') history.over(message);
    else if (message.type === 'refusedWhileHeld') history.refusedWhileHeld.push(message.section);
    else if (message.type === 'trouble') history.trouble(`worker ${name}: ${message.text}`);
    else history[message.type](name, message);
  }

  #onExit(index, worker, how) {
    const { history } = this.#context;
    this.#workers.delete(worker.name);
    history.workerEnded(worker.name, now());
    if (worker.isKilled) this.killedPids.add(worker.pid);
    if (!worker.isKilled && !this.#isClosing) history.trouble(`worker ${worker.name} ended by itself: ${how}`);
    if (!this.#isClosing) this.#startWorker(index);
  }

  async #end({ child, pid, isReady, exited }) {
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const patience = setTimeout(() => {
      this.stubborn += 1;
      child.kill('SIGKILL');
    }, OBEY_MS);
    if ((await exited) === 'SIGTERM' && isReady) this.endedPids.add(pid);
    clearTimeout(patience);
  }
}
