import { openRedisStore, type ClientSettings } from '../support/redis-store.js';
import { describeLockStore } from './lock-store.js';

const SETTINGS: Record<string, ClientSettings> = {
  'an ordinary client': {},
  'protocol 2': { protocol: 2 },
  "replyMapping 'resp3'": { replyMapping: 'resp3' },
  'a client with keyPrefix and automatic pipelining': { keyPrefix: 'app:', enableAutoPipelining: true },
};

for (const [name, options] of Object.entries(SETTINGS)) {
  describeLockStore(`RedisStore on ${name}`, async () => {
    const { store, client, expire, close } = await openRedisStore(options);
    return { store, expire, close, age: async (key) => void (await client.pexpire(`lock:${key}`, 4_000)) };
  });
}
