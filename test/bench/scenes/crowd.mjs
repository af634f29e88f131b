import { setTimeout as sleep } from 'node:timers/promises';
import { figures } from '../figures.mjs';
import { assertAfter, assertNoOverlap } from '../overlap.mjs';

/** Until all of them have asked once. */
const SETTLE_MS = 500;
const IDLE_MS = 700;
const PATIENCE_MS = 2_500;
const LIMIT_MS = 20_000;

/** One process holds, the other has `count` callers that wait: what waiting costs, and how fast they get in once the holder has left. */
export function crowdScene({ name, title, count, own, polls }) {
  return {
    name,
    title,
    polls,
    measure: 'rate',
    maxRounds: 2,
    async run(crew, { key, terms }) {
      const [holder, crowd] = await crew.workers(2);
      const keys = own ? Array.from({ length: count }, (_, index) => `${key}:${index}`) : new Array(count).fill(key);
      await holder.ask('take', { keys: [...new Set(keys)], terms });
      const { before } = await crowd.ask('wait', { keys, keep: false, terms, heap: true }, LIMIT_MS);
      await sleep(SETTLE_MS);
      const settled = await crowd.ask('cost', {}, LIMIT_MS);
      await sleep(IDLE_MS);
      const idle = await crowd.ask('cost', { heap: true }, LIMIT_MS);
      const [{ releasedAt }, part] = await Promise.all([
        holder.ask('give', {}, LIMIT_MS),
        crowd.ask('served', { patience: PATIENCE_MS }, LIMIT_MS),
      ]);
      assertAfter(part.from, releasedAt);
      if (!own) assertNoOverlap([part]);
      const seconds = (idle.at - settled.at) / 1_000;
      const took = part.unserved > 0 ? PATIENCE_MS : part.from.reduce((a, b) => Math.max(a, b), 0) - releasedAt;
      // Those who were not served have waited for at least so long.
      const waits = [...part.from.map((from) => from - releasedAt), ...new Array(part.unserved).fill(PATIENCE_MS)];
      return {
        ...figures([{ ...part, waits, commands: part.commands - idle.commands, cpu: part.cpu - idle.cpu }]),
        rate: (part.served * 1_000) / took,
        heap: (idle.heap - before) / count,
        idleCommands: (idle.commands - settled.commands) / seconds,
        idleCpu: (idle.cpu - settled.cpu) / seconds / 1e6,
      };
    },
  };
}
