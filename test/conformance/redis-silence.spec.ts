import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { RedisStore } from '../../lib/stores/redis-store.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection, watch, type Watched } from '../support/watch.js';

const MAJORS = { 'ioredis 6': Redis, 'ioredis 5': Redis5 as unknown as typeof Redis };
const COMMAND_TIMEOUT = 50;
/** Whoever has this, gives no command up. */
const SETTINGS = { disconnectTimeout: 100, maxRetriesPerRequest: null, autoResendUnfulfilledCommands: false };
const UNSENT = { name: 'StoreFailure', transient: true, applied: 'no', message: 'the connection answers nothing' };

describe.each(Object.entries(MAJORS))(
  'a connection of %s that takes in everything and answers nothing',
  (_, Client) => {
    let server: RedisServer;
    let proxy: FaultProxy;
    let client: Redis;
    let store: RedisStore;

    const acquire = (key = 'a') => store.acquire({ key, value: 'mine', ttl: 60_000, tokens: 1 });
    /** Asks until nothing is sent any more. */
    const untilRefused = async (): Promise<void> => {
      const asked: Watched<unknown>[] = [];
      await eventually(() => {
        asked.push(watch(acquire()));
        return asked.some(({ error }) => error?.applied === 'no');
      });
    };
    const held = (): number => (client as unknown as { commandQueue: { length: number } }).commandQueue.length;

    beforeEach(async () => {
      server = await startRedis();
      proxy = await startFaultProxy(server.port);
      client = new Client(proxy.url, SETTINGS);
      client.on('error', () => undefined);
      await eventually(() => client.status === 'ready');
      store = new RedisStore({
        client,
        keyPrefix: 'lock:',
        connection: { open: () => undefined, close: () => Promise.resolve() },
        commandTimeout: COMMAND_TIMEOUT,
      });
      await acquire();
    });
    afterEach(async () => {
      await store.close();
      client.disconnect();
      await proxy.close();
      await server.stop('SIGKILL');
    });

    it('is asked once a second; what else is wanted fails at once and is not kept', async () => {
      proxy.halfOpen();
      await untilRefused();
      const [begin, before] = [performance.now(), held()];
      const calls: Watched<unknown>[] = [];
      for (let turn = 0; turn < 2_000; turn += 1) {
        calls.push(watch(acquire(`key-${turn % 10}`)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const probes = Math.floor((performance.now() - begin) / 1_000) + 1;
      expect(held() - before).toBeLessThanOrEqual(probes);
      expect(calls.filter(({ state }) => state === 'pending').length).toBeLessThanOrEqual(probes);
      expect(calls.find(({ state }) => state === 'rejected')?.error).toMatchObject(UNSENT);
      // A second later somebody else asks.
      await eventually(() => {
        watch(acquire());
        return held() > before + probes;
      });
    });

    it('is one as any other again with its first answer', async () => {
      server.pause();
      await untilRefused();
      server.resume();
      await eventually(() => acquire('b').then(() => true));
      expect(await Promise.all([acquire('c'), acquire('d'), store.release('c', 'mine', 0)])).toMatchObject([
        { status: 'acquired' },
        { status: 'acquired' },
        'released',
      ]);
    });

    it('is forgotten with the connection', async () => {
      proxy.halfOpen();
      await untilRefused();
      proxy.cut();
      await eventually(() => client.status !== 'ready');
      await eventually(() => client.status === 'ready');
      expect(await Promise.all([acquire('b'), acquire('c')])).toMatchObject([
        { status: 'acquired' },
        { status: 'acquired' },
      ]);
    });

    it('drops what was asked when it breaks, and each caller hears of it', async () => {
      proxy.halfOpen();
      const asked = [acquire('b'), store.release('a', 'mine', 0), store.renew('a', 'mine', 60_000)].map(watch<unknown>);
      proxy.cut();
      await eventually(() => asked.every(({ state }) => state === 'rejected'));
      expect(asked.map(({ error }) => error as unknown)).toMatchObject(
        asked.map(() => ({ transient: true, applied: 'unknown' })),
      );
    });

    it('is none when the answer came while this process stood still', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      const first = acquire('b');
      const end = performance.now() + 4 * COMMAND_TIMEOUT;
      while (performance.now() < end);
      // Each script is a command: the first one is suspicious, the second would be the one of this second.
      const others = [acquire('c'), store.renew('a', 'mine', 60_000), store.release('b', 'mine', 0)];
      expect(await Promise.all([first, ...others])).toMatchObject([
        { status: 'acquired' },
        { status: 'acquired' },
        'renewed',
        'released',
      ]);
    });

    it('does not hide that the client is closed', async () => {
      proxy.halfOpen();
      await untilRefused();
      client.disconnect();
      await eventually(() => client.status === 'end');
      expect(await rejection(acquire())).toMatchObject({ transient: false, applied: 'no' });
    });
  },
);
