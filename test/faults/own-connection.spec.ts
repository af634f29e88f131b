import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

describe('a connection that the module made itself', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let context: NestContext;

  beforeEach(async () => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
  });
  afterEach(async () => {
    await context.app.close();
    await proxy.close();
    await server.stop('SIGKILL');
  });

  it.each<[string, () => object | string]>([
    ['a URL', () => proxy.url],
    ['options', () => ({ host: '127.0.0.1', port: Number(new URL(proxy.url).port) })],
  ])('O1: of %s, whose other end is gone without a word, is given up and made anew', async (_, connection) => {
    context = await startContext({ lock: { connection: connection(), keyPrefix: 'lock:', shutdownGrace: 0 } });
    await context.locks.withLock('a', () => undefined);
    proxy.halfOpen();
    // Nobody cuts it: without a time limit of its own it would stay so for as long as TCP is patient, a quarter of an hour.
    expect(await eventually(() => context.locks.withLock('a', { wait: 500 }, () => 'works'), 10_000)).toBe('works');
  });
});
