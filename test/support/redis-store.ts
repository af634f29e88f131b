import { Redis, type RedisOptions } from 'ioredis';
import { RedisStore } from '../../lib/stores/redis-store.js';
import { eventually } from './eventually.js';

/** `RedisOptions`, as the constructor of ioredis takes them with `exactOptionalPropertyTypes`. */
export type ClientSettings = Omit<RedisOptions, 'replyMapping'> & { replyMapping?: 'legacy' | 'resp3' };

export interface TestRedisStore {
  readonly store: RedisStore;
  readonly client: Redis;
  /** Ends the lease of a key as if its time had passed. */
  expire(key: string): Promise<void>;
  close(): Promise<void>;
}

/** The Redis store on a client with these settings; by default on the server that all suites share. */
export async function openRedisStore(
  options: ClientSettings = {},
  keyPrefix = 'lock:',
  url = process.env.TEST_REDIS_URL ?? '',
  commandTimeout?: number,
): Promise<TestRedisStore> {
  const client: Redis = new Redis(url, { lazyConnect: true, ...options });
  client.on('error', () => undefined);
  await client.connect();
  const store = new RedisStore({
    client,
    keyPrefix,
    connection: { open: () => undefined, close: () => Promise.resolve() },
    commandTimeout,
  });
  const expire = async (key: string): Promise<void> => {
    await client.pexpire(keyPrefix + key, 1);
    await eventually(async () => (await client.exists(keyPrefix + key)) === 0);
  };
  const close = async (): Promise<void> => {
    await store.close();
    if (client.status !== 'end') client.disconnect();
  };
  return { store, client, expire, close };
}
