import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import type { RedisClient } from '../../lib/interfaces/redis-client.interface.js';
import { RedisStore } from '../../lib/stores/redis-store.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const MAJORS = { 'ioredis 6': Redis, 'ioredis 5': Redis5 as unknown as typeof Redis };
const SUBSCRIBE = '\r\nsubscribe\r\n';
const COMMAND_TIMEOUT = 100;
const SECRET = 'hunter2';

/** What the listener was told, in order. */
type Told = 'open' | 'closed' | { readonly wake: string } | { readonly refusal: Error } | { readonly trouble: Error };

describe.each(Object.entries(MAJORS))('the inbox of a RedisStore on a client of %s', (_, Client) => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let client: RedisClient & { options: { password?: string | null } };
  let subscriber: RedisClient;
  let store: RedisStore;
  let told: Told[];
  /** When SUBSCRIBE was sent. */
  let attempts: number[];

  const listen = (url = proxy.url, options = {}): void => {
    client = new Client(url, { disconnectTimeout: 100, ...options }) as unknown as typeof client;
    client.on('error', () => undefined);
    const { duplicate } = client;
    client.duplicate = (...args: unknown[]) => (subscriber = duplicate.apply(client, args));
    const connection = { open: () => undefined, close: () => Promise.resolve() };
    store = new RedisStore({ client, keyPrefix: 'lock:', connection, commandTimeout: COMMAND_TIMEOUT });
    store.listen({
      onWake: (wake) => void told.push({ wake }),
      onOpen: () => void told.push('open'),
      onClosed: (refusal) => void told.push(refusal === undefined ? 'closed' : { refusal }),
      onTrouble: (trouble) => void told.push({ trouble }),
    });
  };
  const untilToldOf = (what: Told) => eventually(() => told.includes(what), 10_000);
  const troubles = (): Error[] =>
    told.flatMap((each) => (typeof each === 'object' && 'trouble' in each ? [each.trouble] : []));
  const contend = () => store.contend({ key: 'a', value: 'mine', ttl: 60_000, tokens: 1, comesAgainIn: undefined });
  const contendUntil = (isOver: () => boolean) =>
    eventually(async () => {
      await contend();
      return isOver();
    }, 20_000);
  /** Two waits with a hand-over between them. */
  const isWoken = async (): Promise<void> => {
    await store.acquire({ key: 'b', value: 'theirs', ttl: 60_000, tokens: 1 });
    await store.contend({ key: 'b', value: 'mine', ttl: 60_000, tokens: 1, comesAgainIn: undefined });
    await store.release('b', 'theirs', 0);
    await eventually(() => told.some((each) => typeof each === 'object' && 'wake' in each && each.wake === 'b'));
  };

  beforeEach(async () => {
    told = [];
    attempts = [];
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
    proxy.onCommand(SUBSCRIBE, () => attempts.push(performance.now()));
  });
  afterEach(async () => {
    await store.close();
    client.disconnect();
    await proxy.close();
    await server.stop('SIGKILL');
  });

  describe('at a SUBSCRIBE that is refused', () => {
    it.each([
      'BUSY Redis is busy running a script',
      'LOADING Redis is loading the dataset in memory',
      'OOM command not allowed',
      'ERR Connection refused',
      'upstream failure',
      'NOAUTH Authentication required.',
    ])('with -%s tries again until it is not', async (error) => {
      proxy.refuse(error, SUBSCRIBE);
      listen();
      await eventually(() => attempts.length === 3);
      expect(told).toEqual([]);
      proxy.refuse(undefined);
      await untilToldOf('open');
      expect(told).toEqual(['open']);
      await isWoken();
    });

    it.each([
      "NOPERM this user has no permissions to run the 'subscribe' command",
      "ERR unknown command 'subscribe', with args beginning with: 'lock:inbox:0:mine' ",
    ])('with -%s gives up, once, and says why', async (error) => {
      proxy.refuse(error, SUBSCRIBE);
      listen();
      await eventually(() => told.length > 0);
      proxy.refuse(undefined);
      await eventually(() => proxy.connections === 1);
      expect(told).toEqual([
        { refusal: expect.objectContaining({ name: 'ReplyError', message: error.replace(/, with.*/, '') }) },
      ]);
      expect(attempts).toHaveLength(1);
      expect(inspect(told, { depth: 9 })).not.toContain('inbox:');
    });

    it('with NOPERM by a real server gives up', async () => {
      await server.command('ACL', 'SETUSER', 'default', '-subscribe');
      listen();
      await eventually(() => told.length > 0);
      expect(told).toEqual([{ refusal: expect.objectContaining({ message: expect.stringContaining('NOPERM') }) }]);
    });

    it('does not take a refusal of its own question for one: it is subscribed', async () => {
      listen();
      await untilToldOf('open');
      proxy.refuse('NOPERM no more', SUBSCRIBE);
      await contendUntil(() => attempts.length === 3);
      expect(told).toEqual(['open']);
      await isWoken();
    });
  });

  it('W3b: makes another connection where one that is opened is never answered', async () => {
    const stop = proxy.onCommand(SUBSCRIBE, () => {
      stop();
      proxy.halfOpen('subscribers');
    });
    listen();
    await eventually(() => attempts.length === 1);
    await contendUntil(() => told.includes('open'));
    expect(told).toEqual(['open']);
    await isWoken();
  });

  it('backs off where SUBSCRIBE ends the connection, and tells of it once; then begins anew', async () => {
    proxy.loseReplies(Infinity, SUBSCRIBE);
    // In protocol 3 there are no replies to it.
    listen(proxy.url, { protocol: 2 });
    await eventually(() => attempts.length === 7, 20_000);
    const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    // A timer of Node may ring a millisecond early.
    expect(gaps.map((ms, index) => ms > 50 * 2 ** index - 2)).toEqual(gaps.map(() => true));
    expect(told).toEqual([{ trouble: expect.objectContaining({ message: expect.stringContaining('SUBSCRIBE') }) }]);
    proxy.loseReplies(0, '');
    await untilToldOf('open');
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    const begin = performance.now();
    await eventually(() => told.filter((each) => each === 'open').length === 2);
    // Less than the last delay.
    expect(performance.now() - begin).toBeLessThan(3_200);
  }, 60_000);

  it('tells nothing while Redis is down: others do', async () => {
    listen(proxy.url, { retryStrategy: () => 200 });
    await untilToldOf('open');
    await server.stop('SIGKILL');
    await untilToldOf('closed');
    let connections = 0;
    client.on('connecting', () => (connections += 1));
    // As many as would be too many.
    await eventually(() => connections === 10, 20_000);
    expect(told).toEqual(['open', 'closed']);
  });

  it('whose login fails tells of it once, and logs in with what the client has by then', async () => {
    await server.command('CONFIG', 'SET', 'requirepass', `old-${SECRET}`);
    listen(proxy.url.replace('//', `//:old-${SECRET}@`));
    await untilToldOf('open');
    const admin = new Redis(server.url, { password: `old-${SECRET}` });
    await admin.config('SET', 'requirepass', `new-${SECRET}`);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => troubles().length > 0, 20_000);
    expect(client.status).toBe('ready');
    expect(troubles()[0]?.message).toMatch(/WRONGPASS/);
    expect(inspect(told, { depth: 9, showHidden: true })).not.toContain(SECRET);
    client.options.password = `new-${SECRET}`;
    await eventually(() => told.at(-1) === 'open', 20_000);
    expect(troubles()).toHaveLength(1);
    await isWoken();
    admin.disconnect();
  }, 60_000);

  it('does not take a refusal of its login for one of SUBSCRIBE', async () => {
    await server.command('CONFIG', 'SET', 'requirepass', SECRET);
    listen(proxy.url.replace('//', `//:${SECRET}@`));
    await untilToldOf('open');
    const admin = new Redis(server.url, { password: SECRET });
    proxy.refuse('NOPERM not today', 'auth');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => troubles().length > 0, 20_000);
    proxy.refuse(undefined);
    await eventually(() => told.at(-1) === 'open', 20_000);
    expect(told).toEqual([
      'open',
      'closed',
      { trouble: expect.objectContaining({ message: 'NOPERM not today' }) },
      'open',
    ]);
    admin.disconnect();
  }, 60_000);

  describe('asks whether it is still subscribed', () => {
    it('when somebody contends, once a second at most, and of a silent connection makes another', async () => {
      listen();
      await untilToldOf('open');
      proxy.halfOpen('subscribers');
      await contendUntil(() => told.length === 3);
      expect(told).toEqual(['open', 'closed', 'open']);
      // When it was opened, when it was asked, and when it was opened again.
      expect(attempts).toHaveLength(3);
      expect((attempts[1] ?? 0) - (attempts[0] ?? 0)).toBeGreaterThan(1_000 - 2);
      await isWoken();
    });

    it('and takes a message for an answer', async () => {
      listen();
      await untilToldOf('open');
      const [channel = ''] = (await server.command('PUBSUB', 'CHANNELS')) as string[];
      const end = performance.now() + 1_500;
      while (performance.now() < end) {
        await server.command('PUBLISH', channel, 'lock:x');
        await eventually(() => told.at(-1) !== 'open' && told.splice(1));
        await contend();
      }
      expect(attempts).toHaveLength(1);
    });

    it('and has not lost it when the answer came while this process stood still', async () => {
      listen(server.url);
      await untilToldOf('open');
      const asked = jest.spyOn(subscriber, 'subscribe');
      await eventually(async () => {
        const contended = contend();
        if (asked.mock.calls.length === 0) return void (await contended);
        // The answer comes meanwhile, waits in the socket, and in the next moment its time is over.
        block(2 * COMMAND_TIMEOUT);
        return Promise.all([contended, contend()]);
      }, 20_000);
      await asked.mock.results[0]?.value;
      await contend();
      expect(told).toEqual(['open']);
    });
  });
});

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
