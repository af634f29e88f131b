import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_TIMER_MS } from '../../lib/redis-lock.constants.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { openRedisStore, type ClientSettings, type TestRedisStore } from '../support/redis-store.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

describe('RedisStore.commandTimeout', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let subject: TestRedisStore;

  const open = async (commandTimeout?: number, options: ClientSettings = {}): Promise<void> => {
    subject = await openRedisStore({ disconnectTimeout: 100, ...options }, 'lock:', proxy.url, commandTimeout);
  };
  const ask = () => subject.store.inspect('a');

  beforeEach(async () => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
  });
  afterEach(async () => {
    await subject.close();
    await proxy.close();
    await server.stop('SIGKILL');
  });

  it('is a second where Redis is near', async () => {
    await open();
    expect(subject.store.commandTimeout).toBe(1_000);
    // The least of some round trips: what one of them waits for a busy machine does not count.
    await eventually(async () => {
      await ask();
      return subject.store.commandTimeout === 1_000;
    });
  });

  it('is three round trips where they take longer, and shrinks with them', async () => {
    await open();
    proxy.delay(200);
    await ask();
    expect(subject.store.commandTimeout).toBeGreaterThanOrEqual(3 * 398);
    proxy.delay(0);
    await eventually(async () => {
      await ask();
      return subject.store.commandTimeout === 1_000;
    });
  });

  it('counts an error for an answer', async () => {
    await open();
    await server.command('LPUSH', 'lock:a', 'item');
    proxy.delay(200);
    await expect(ask()).rejects.toMatchObject({ message: expect.stringContaining('WRONGTYPE') });
    expect(subject.store.commandTimeout).toBeGreaterThanOrEqual(3 * 398);
  });

  it('does not count what was sent again after the connection broke', async () => {
    await open(undefined, { retryStrategy: () => 1_000 });
    proxy.set('black-hole');
    const asked = ask();
    await proxy.passed('eval');
    proxy.set('forward');
    proxy.cut();
    await asked;
    expect(subject.store.commandTimeout).toBeLessThan(3_000);
  });

  it('is what was given', async () => {
    await open(70);
    proxy.delay(200);
    await ask();
    expect(subject.store.commandTimeout).toBe(70);
  });

  it.each([
    [undefined, 2_000],
    [70, 140],
    [MAX_TIMER_MS, MAX_TIMER_MS],
  ])('gives a connection that is being made time of its own: given %s, it is %d', async (given, expected) => {
    await open(given);
    proxy.set('black-hole');
    proxy.cut();
    await eventually(() => subject.client.status === 'connect');
    expect(subject.store.commandTimeout).toBe(expected);
  });
});
