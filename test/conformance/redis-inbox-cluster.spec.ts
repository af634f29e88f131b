import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Cluster } from 'ioredis';
import { Cluster as Cluster5 } from 'ioredis5';
import { freePort } from '../../sample/redis/free-port.js';
import { RedisStore } from '../../lib/stores/redis-store.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const MAJORS = { 'ioredis 6': Cluster, 'ioredis 5': Cluster5 as unknown as typeof Cluster };
const PATIENCE_MS = 20_000;

describe.each(Object.entries(MAJORS))('the inbox of a RedisStore on a Cluster of %s', (_, Client) => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let client: Cluster;
  let store: RedisStore;
  let told: string[];

  const isToldOf = (...what: string[]) => eventually(() => told.join() === what.join(), PATIENCE_MS);
  const listen = (): void =>
    store.listen({
      onWake: (key) => void told.push(`woken for ${key}`),
      onOpen: () => void told.push('open'),
      onClosed: (refusal) => void told.push(`closed ${refusal?.message ?? ''}`.trim()),
    });

  /** One node that has all slots, and says that it is reached through the proxy. */
  beforeEach(async () => {
    told = [];
    server = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())] });
    proxy = await startFaultProxy(server.port);
    const { hostname: host, port } = new URL(proxy.url);
    await server.command('CONFIG', 'SET', 'cluster-announce-ip', host);
    await server.command('CONFIG', 'SET', 'cluster-announce-port', port);
    await server.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await eventually(
      async () => String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      PATIENCE_MS,
    );
    client = new Client([{ host, port: Number(port) }], { redisOptions: { disconnectTimeout: 100 } });
    client.on('error', () => undefined);
    await eventually(() => client.status === 'ready', PATIENCE_MS);
    store = new RedisStore({
      client,
      keyPrefix: 'lock:',
      connection: { open: () => undefined, close: () => Promise.resolve() },
      commandTimeout: 100,
    });
  });
  afterEach(async () => {
    await store.close();
    client.disconnect();
    await proxy.close();
    await server.stop('SIGKILL');
  });

  it('is opened although its login was refused at first, while the Cluster stands', async () => {
    const { duplicate } = client;
    client.duplicate = (...args) => {
      const subscriber = duplicate.apply(client, args);
      const error = Object.assign(new Error('WRONGPASS not today'), {
        name: 'ReplyError',
        command: { name: 'auth', args: [] },
      });
      // As ioredis ends a command behind a login that failed.
      jest.spyOn(subscriber, 'subscribe').mockRejectedValueOnce(error);
      return subscriber;
    };
    listen();
    await isToldOf('open');
  });

  it('is noticed to be silent, and opened anew', async () => {
    listen();
    await isToldOf('open');
    proxy.halfOpen('subscribers');
    await eventually(async () => {
      await store.contend({ key: 'a', value: 'mine', ttl: 60_000, tokens: 1, comesAgainIn: undefined });
      return told.length === 3;
    }, PATIENCE_MS);
    expect(told).toEqual(['open', 'closed', 'open']);
  });
});
