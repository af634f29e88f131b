import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from './client.mjs';

/**
 * What is done under the lock.
 *
 * `nothing` still lets others run, or two holders in one process could not be seen. `sleep` takes time. `proof` asks Redis whether anybody else is
 * in, from whichever process: slow, so it has rounds of its own that are not measured.
 */
export async function workOf({ kind, ms }, url) {
  if (kind === 'nothing') return { work: async () => undefined };
  if (kind === 'sleep') return { work: () => sleep(ms) };
  const client = await connect(url);
  let overlaps = 0;
  return {
    work: async (key) => {
      if ((await client.incr(`proof:${key}`)) !== 1) overlaps += 1;
      if (ms !== undefined) await sleep(ms);
      if ((await client.decr(`proof:${key}`)) !== 0) overlaps += 1;
    },
    overlaps: () => overlaps,
    close: () => client.disconnect(),
  };
}
