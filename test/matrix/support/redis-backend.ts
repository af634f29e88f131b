import { RedisLockModule } from 'nestjs-redis-lock';
import { commandCounts } from '../../support/command-stats.js';
import { sendCommand } from '../../support/send-command.js';
import { startLockRedis } from '../../support/transport-redis.js';
import type { Backend } from './backend.js';

const PREFIX = 'lock:';

/** A Redis server for the locks of one group, stopped when it is to break down. */
export async function startRedisBackend(): Promise<Backend> {
  const redis = await startLockRedis();
  const { url } = redis;
  return {
    modules: [RedisLockModule.forRootAsync({ useFactory: () => ({ connection: url }) })],
    attach: () => undefined,
    taken: async () => (await redis.left()).map((key) => key.slice(PREFIX.length)).sort(),
    occupy: async (key) => void (await redis.takeAsStranger(key)),
    isOccupied: async (key) => (await sendCommand(url, 'GET', PREFIX + key)) === 'a stranger',
    remove: async (key) => void (await sendCommand(url, 'DEL', PREFIX + key)),
    tally: {
      scripts: async () => {
        const { evalsha = 0, eval: whole = 0 } = await commandCounts(url);
        return evalsha + whole;
      },
      scriptsOf: (work) => redis.scriptsOf(work),
    },
    breakDown: () => redis.stop(),
    stop: () => redis.stop(),
  };
}
