import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const COMPARE_AND_DELETE =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

/** What people write without a library: no renewal, no deadline. The least that an uncontended lock can cost. */
export function setup(client) {
  client.defineCommand('compareAndDelete', { numberOfKeys: 1, lua: COMPARE_AND_DELETE });
  return {
    acquire: async (key, { ttl, wait, poll }) => {
      const token = randomUUID();
      const deadline = performance.now() + wait;
      while ((await client.set(key, token, 'PX', ttl, 'NX')) !== 'OK') {
        if (performance.now() > deadline) throw new Error('busy for too long');
        await sleep(poll * (0.5 + Math.random()));
      }
      return async () => {
        if ((await client.compareAndDelete(key, token)) !== 1) throw new Error('released too late');
      };
    },
  };
}
