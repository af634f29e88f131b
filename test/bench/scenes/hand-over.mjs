import { setTimeout as sleep } from 'node:timers/promises';
import { figures } from '../figures.mjs';
import { assertAfter } from '../overlap.mjs';
import { now } from '../worker/clock.mjs';

const PATIENCE_MS = 5_000;
const LEAST = 10;

/** Long enough to be waited for, and never in step with somebody's interval. */
const holdTime = () => 20 + Math.random() * 30;

/** One after the other, two processes hand a lock to each other: from where `release()` is called to where the other one runs. */
export const handOver = {
  name: 'hand-over',
  title: 'Hand-over from one process to another',
  polls: [1],
  measure: 'p50',
  async run(crew, { key, terms, duration }) {
    let [holder, waiter] = await crew.workers(2);
    const parts = [];
    const endAt = now() + duration;
    const args = { keys: [key], keep: true, terms };
    await holder.ask('take', args);
    while (now() < endAt || parts.length < LEAST) {
      await waiter.ask('wait', args);
      await sleep(holdTime());
      const [{ releasedAt, commands, cpu }, part] = await Promise.all([
        holder.ask('give'),
        waiter.ask('served', { patience: PATIENCE_MS }, 2 * PATIENCE_MS),
      ]);
      assertAfter(part.from, releasedAt);
      parts.push({
        ...part,
        waits: part.from.map((from) => from - releasedAt),
        commands: commands + part.commands,
        cpu: cpu + part.cpu,
      });
      if (part.unserved > 0) return figures(parts);
      if (part.served > 0) [holder, waiter] = [waiter, holder];
      else await holder.ask('take', args);
    }
    await holder.ask('give');
    return figures(parts);
  },
};
