import { setTimeout as sleep } from 'node:timers/promises';
import { clearAfter } from './clear-after.mjs';

/** Until an operator has seen it. */
const UNSEEN_MS = 1_500;

/** What happens to one worker: a name, how often, and how. Each may find that there is none to do it to. */
export const ON_WORKERS = {
  'kill -9 of a worker': {
    weight: 2,
    async inject({ crew, server, random, processes }) {
      const worker = crew.pick(random);
      if (worker === undefined) return false;
      worker.isKilled = true;
      worker.child.kill('SIGKILL');
      await worker.exited;
      await sleep(random.between(0, UNSEEN_MS));
      await clearAfter(worker.pid, server, processes);
      return true;
    },
  },
  'halt of a worker': {
    weight: 4,
    async inject({ crew, random }) {
      const worker = crew.pick(random);
      if (worker === undefined) return false;
      worker.isHalted = true;
      worker.child.kill('SIGSTOP');
      await sleep(random.between(300, 2_500));
      worker.child.kill('SIGCONT');
      worker.isHalted = false;
      return true;
    },
  },
  'block of an event loop': {
    weight: 4,
    async inject({ crew, random }) {
      const worker = crew.pick(random);
      if (worker === undefined) return false;
      worker.child.send({ type: 'block', ms: random.between(200, 2_000) });
      return true;
    },
  },
};
