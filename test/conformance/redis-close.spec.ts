import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { RedisClient } from '../../lib/interfaces/redis-client.interface.js';
import { MAX_TIMER_MS } from '../../lib/redis-lock.constants.js';
import { connect, type ClientHandle } from '../../lib/stores/connection.js';
import { RedisStore } from '../../lib/stores/redis-store.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import type { ClientSettings } from '../support/redis-store.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { watch } from '../support/watch.js';

const KEYS = ['a', 'b', 'c'];
const VALUE = 'mine';
/** So long that whatever does not wait for it has come to its end before. */
const ON_THE_WIRE_MS = 50;

interface Owner {
  readonly handle: ClientHandle;
  /** What the owner of a borrowed client does as soon as the store is closed. */
  end(): void;
}

const OWNERS: Record<string, (port: number, options: ClientSettings) => Owner> = {
  'a connection of its own': (port, options) => ({
    handle: connect({ kind: 'options', options: { port, ...options } }, () => undefined),
    end: () => undefined,
  }),
  'a borrowed client': (port, options) => {
    const client: Redis = new Redis({ port, lazyConnect: true, disconnectTimeout: 100, ...options });
    return { handle: connect({ kind: 'client', client }, () => undefined), end: () => client.disconnect() };
  },
};

describe.each(Object.keys(OWNERS))('closing the RedisStore on %s', (name) => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let owner: Owner;
  const clients: RedisClient[] = [];
  let store: RedisStore;

  const left = () => server.command('EXISTS', ...KEYS.map((key) => `lock:${key}`));
  const release = (key: string) => watch(store.release(key, VALUE, 0));
  const close = async (): Promise<void> => {
    await store.close();
    owner.end();
  };

  const open = async (commandTimeout?: number, options: ClientSettings = {}): Promise<void> => {
    owner = OWNERS[name]!(Number(new URL(proxy.url).port), options);
    clients.push(owner.handle.client);
    store = new RedisStore({
      client: owner.handle.client,
      keyPrefix: 'lock:',
      connection: owner.handle,
      commandTimeout,
    });
    await store.release('another', VALUE, 0);
  };

  beforeEach(async () => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
    await open();
    for (const key of KEYS) await store.acquire({ key, value: VALUE, ttl: 60_000, tokens: 1 });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) if (client.status !== 'end') client.disconnect();
    await proxy.close();
    await server.stop('SIGKILL');
  });

  it('sends what waits for the end of the turn, and lets it be answered', async () => {
    proxy.delay(ON_THE_WIRE_MS);
    const outcomes = KEYS.map(release);
    await close();
    expect(outcomes.map(({ state, value }) => [state, value])).toEqual(KEYS.map(() => ['fulfilled', 'released']));
    expect(await left()).toBe(0);
  });

  it('lets be answered what was sent in an earlier turn', async () => {
    proxy.delay(ON_THE_WIRE_MS);
    const outcome = release('a');
    await new Promise((resolve) => setImmediate(resolve));
    await close();
    expect(outcome).toMatchObject({ state: 'fulfilled', value: 'released' });
  });

  it('lets a server be told its script', async () => {
    await server.command('SCRIPT', 'FLUSH');
    proxy.delay(ON_THE_WIRE_MS);
    const outcomes = KEYS.map(release);
    await close();
    expect(outcomes.map(({ value }) => value)).toEqual(KEYS.map(() => 'released'));
  });

  it('gives what it sends last its time, also when the server owes older replies', async () => {
    await open(1_000);
    server.pause();
    const first = release('another');
    await new Promise((resolve) => setTimeout(resolve, 800));
    const last = release('a');
    setTimeout(() => server.resume(), 300);
    await close();
    expect([first.value, last.value]).toEqual(['expired', 'released']);
  });

  it('does not wait for what a client dropped with its connection', async () => {
    await open(MAX_TIMER_MS, { autoResendUnfulfilledCommands: false });
    server.pause();
    const dropped = release('a');
    await new Promise((resolve) => setImmediate(resolve));
    proxy.cut();
    server.resume();
    await eventually(() => owner.handle.client.status !== 'ready');
    await eventually(() => owner.handle.client.status === 'ready');
    await close();
    expect(dropped.error).toMatchObject({ transient: true, applied: 'unknown' });
  });

  it('does not wait for ever for a server that does not answer, and takes its listeners off', async () => {
    await open(100);
    const client = owner.handle.client as Redis;
    server.pause();
    const outcome = release('a');
    await close();
    expect(outcome.state).not.toBe('fulfilled');
    expect(['ready', 'close', 'end'].map((event) => client.listenerCount(event))).toEqual(
      name === 'a borrowed client' ? [0, 0, 0] : [1, 0, 0],
    );
  });

  it('does not wait for a connection that broke', async () => {
    await open(MAX_TIMER_MS);
    server.pause();
    release('a');
    const closing = close();
    proxy.cut();
    await closing;
  });
});
