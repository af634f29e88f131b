import { allKeys, STORED_PREFIX } from '../keys.mjs';
import { ownerPid } from '../owner-pid.mjs';
import { COMPARE_AND_DELETE } from './compare-and-delete.mjs';
import { isConnectionLost } from './connection-lost.mjs';

/** What an operator does for a process that died: deletes its locks, whose leases would last for long. Nobody is woken by it. */
export async function clearAfter(pid, server, processes) {
  const shared = allKeys(0, processes).map((key) => STORED_PREFIX + key);
  try {
    await server.use(async (client) => {
      const values = await client.mget(shared);
      const dead = shared.map((key, index) => [key, values[index]]).filter(([, value]) => ownerPid(value) === pid);
      await Promise.all(dead.map(([key, value]) => client.eval(COMPARE_AND_DELETE, 1, key, value)));
    });
  } catch (error) {
    if (!isConnectionLost(error)) throw error;
  }
}
