import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import {
  RedisLockModule,
  RedisLockOptionsError,
  RedisLockService,
  type RedisLockModuleOptions,
} from 'nestjs-redis-lock';
import { sendCommand } from '../support/send-command.js';
import { uniqueKey } from '../support/unique-key.js';

const url = process.env.TEST_REDIS_URL ?? '';
const { hostname: host, port } = new URL(url);
const clientName = uniqueKey('client');

type Options = Record<string, unknown>;

const OWNED: Record<string, unknown> = {
  'a URL': `${url}/0?connectionName=${clientName}`,
  options: { host, port: Number(port), connectionName: clientName },
  'options with settings of all kinds': {
    host,
    port: Number(port),
    connectionName: clientName,
    lazyConnect: false,
    maxRetriesPerRequest: null,
    enableAutoPipelining: true,
    replyMapping: 'resp3',
  },
};

class Unknown {
  readonly host = host;
}

const REFUSED: readonly unknown[] = [
  null,
  6379,
  true,
  Symbol('redis'),
  new Map(),
  new Unknown(),
  new EventEmitter(),
  new URL('redis://127.0.0.1:1'),
  Redis,
  '',
  'localhost',
  'localhost:6379',
  'http://localhost:6379',
  'redis:/localhost',
  { cluster: [] },
  { cluster: {} },
  { cluster: undefined },
  { cluster: [{ host, port: 1 }], redisOptions: {} },
  // What other clients and modules call it: ioredis would connect to localhost.
  { url: 'redis://127.0.0.1:1' },
  { uri: 'redis://127.0.0.1:1', db: 1 },
  { nodes: [{ host, port: 1 }] },
  { socket: { host, port: 1 }, password: 'secret' },
  { client: new Map() },
  {},
  { isOpen: true, evalsha: () => undefined, eval: () => undefined },
];

describe('the connection of RedisLockModule', () => {
  const running = async (): Promise<number> =>
    String(await sendCommand(url, 'CLIENT', 'LIST')).split(`name=${clientName} `).length - 1;

  it.each(Object.entries(OWNED))('N9: %s makes a client of its own, which is closed', async (_, connection) => {
    const locks = await start({ connection });
    expect(await locks.service.withLock('it', () => 'done')).toBe('done');
    expect(await running()).toBe(1);
    await locks.close();
    expect(await running()).toBe(0);
  });

  it('N9: is not made before the app starts', async () => {
    const module = await Test.createTestingModule({
      imports: [RedisLockModule.forRoot({ connection: OWNED['a URL'] as string })],
    }).compile();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await running()).toBe(0);
    await module.close();
  });

  describe('when it is an existing client', () => {
    let client: Redis;

    beforeEach(() => {
      client = new Redis(url, { lazyConnect: true, connectionName: clientName });
    });

    afterEach(() => client.quit());

    it('N9: is never closed, and left as it was', async () => {
      await client.connect();
      const before = snapshot(client);
      const locks = await start({ connection: client });
      expect(await locks.service.withLock('it', () => 'done')).toBe('done');
      await locks.close();
      expect(client.status).toBe('ready');
      expect(await client.ping()).toBe('PONG');
      expect(snapshot(client)).toEqual(before);
    });

    it('N9: is connected when it was not', async () => {
      const locks = await start({ connection: client });
      expect(await locks.service.withLock('it', () => client.status)).toBe('ready');
      await locks.close();
      expect(client.status).toBe('ready');
    });

    it('N9: serves several modules', async () => {
      const first = await start({ connection: client, keyPrefix: uniqueKey() });
      const second = await start({ connection: client, keyPrefix: uniqueKey() });
      await first.close();
      expect(await second.service.withLock('it', () => 'done')).toBe('done');
      await second.close();
    });
  });

  it.each(REFUSED.map((connection) => [connection]))(
    'P2: %p is refused, and nothing is connected to',
    async (connection) => {
      const error = await refusal({ connection });
      expect(error.option).toMatch(/^connection/);
      expect(error.message).toMatch(/pass|beside/);
      expect(error.code).toBe('LOCK_OPTIONS');
    },
  );

  it.each([[[]], [[url, url, url]]])('T4: a quorum is refused: %p', async (connection) => {
    expect((await refusal({ connection })).message).toMatch(/quorum.*not supported/);
  });

  it('D1: an error does not show the password of a URL', async () => {
    expect((await refusal({ connection: 'http://user:hunter2@localhost' })).message).not.toContain('hunter2');
  });

  it.each<[string, Options]>([
    ['keyPrefix', { keyPrefix: 1 }],
    ['keyPrefix', { keyPrefix: null }],
    ['shutdownGrace', { shutdownGrace: -1 }],
    ['shutdownGrace', { shutdownGrace: Infinity }],
    ['maxWaiters', { maxWaiters: 1.5 }],
    ['maxWaiters', { maxWaiters: Number.NaN }],
    ['defaults', { defaults: null }],
    ['defaults.ttl', { defaults: { ttl: 99 } }],
    ['defaults.signal', { defaults: { signal: AbortSignal.abort() } }],
    ['defaults.retries', { defaults: { retries: 3 } }],
    ['retryCount', { retryCount: 3 }],
  ])('D1: the error names the option %s in %p', async (option, options) => {
    expect((await refusal(options)).option).toBe(option);
  });

  it.each([
    ['name', { name: '' }],
    ['name', { name: 7 }],
    ['isGlobal', { isGlobal: 'yes' }],
  ])('D1: the error names the option %s in %p at once', (option, options) => {
    expect(() => RedisLockModule.forRoot(options as RedisLockModuleOptions)).toThrow(`Option "${option}"`);
  });

  async function start(options: Options): Promise<{ service: RedisLockService; close(): Promise<void> }> {
    const imports = [RedisLockModule.forRoot({ keyPrefix: uniqueKey(), ...options })];
    const module = await Test.createTestingModule({ imports }).compile();
    await module.init();
    return { service: module.get(RedisLockService), close: () => module.close() };
  }

  async function refusal(options: Options): Promise<RedisLockOptionsError> {
    const error: unknown = await start(options).then(
      ({ close }) => close(),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(RedisLockOptionsError);
    return error as RedisLockOptionsError;
  }
});

function snapshot(client: Redis): object {
  const listeners = client.eventNames().map((name) => [name, client.listenerCount(name)]);
  return { listeners, options: { ...client.options } };
}
