import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisStore } from '../../lib/stores/redis-store.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const SERVICES = 15;
/** Of ours on each event of a client: Node warns of a leak at the eleventh, whosoever they are. */
const MOST = 1;

describe('many services on one client', () => {
  let server: RedisServer;

  const countListeners = (client: Redis) =>
    new Map(client.eventNames().map((name) => [name, client.listenerCount(name)]));
  const openStore = (client: Redis, index: number): RedisStore =>
    new RedisStore({
      client,
      keyPrefix: `lock-${index}:`,
      connection: { open: () => undefined, close: () => Promise.resolve() },
    });
  const acquire = (store: RedisStore) => store.acquire({ key: 'a', value: 'mine', ttl: 60_000, tokens: 1 });

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop('SIGKILL');
  });

  it.each(['is connected', 'is being connected'])(
    'are one listener, and leave the client as it was, which %s',
    async (state) => {
      const client: Redis = new Redis(server.url, { lazyConnect: true });
      client.on('error', () => undefined);
      if (state === 'is connected') await client.connect();
      const [before, limit] = [countListeners(client), client.getMaxListeners()];
      const stores = Array.from({ length: SERVICES }, (_, index) => openStore(client, index));
      for (const store of stores)
        store.listen({ onWake: () => undefined, onOpen: () => undefined, onClosed: () => undefined });
      const added = client.eventNames().map((name) => client.listenerCount(name) - (before.get(name) ?? 0));
      expect(Math.max(...added)).toBe(MOST);
      expect(await Promise.all(stores.map(acquire))).toMatchObject(stores.map(() => ({ status: 'acquired' })));
      // Some close before the others.
      await Promise.all(stores.splice(0, 5).map((store) => store.close()));
      client.disconnect(true);
      await eventually(() => client.status !== 'ready');
      await eventually(() => client.status === 'ready');
      expect(await Promise.all(stores.map(acquire))).toMatchObject(stores.map(() => ({ status: 'acquired' })));
      await Promise.all(stores.map((store) => store.close()));
      await new Promise((resolve) => setImmediate(resolve));
      expect({ listeners: countListeners(client), limit: client.getMaxListeners() }).toEqual({
        listeners: before,
        limit,
      });
      const again = openStore(client, 0);
      expect(await acquire(again)).toMatchObject({ status: 'acquired' });
      await again.close();
      client.disconnect();
    },
  );
});
