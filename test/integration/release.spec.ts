import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { rejection } from '../support/watch.js';
import { WARM_UP } from '../support/patience.mjs';

describe('release', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let context: NestContext;

  const exists = async (key = 'a'): Promise<boolean> => (await server.command('EXISTS', `lock:${key}`)) === 1;

  beforeEach(async () => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
    context = await startContext({ lock: { connection: proxy.url, keyPrefix: 'lock:', shutdownGrace: 0 } });
    // Every script is known to the server.
    await context.locks.withLock('warm', WARM_UP, () => undefined);
  });
  afterEach(async () => {
    await context.app.close();
    await proxy.close();
    await server.stop('SIGKILL');
  });

  it.each([
    ['released', 0, () => undefined],
    ['expired', 1, () => server.command('DEL', 'lock:a')],
    ['stolen', 1, () => server.command('SET', 'lock:a', 'thief')],
  ])('C4a: %s is a result, with %d warnings', async (outcome, warnings, act) => {
    const lock = await context.locks.acquire('a');
    await act();
    expect(await lock.release()).toBe(outcome);
    expect(await lock.release()).toBe(outcome);
    expect(context.log.at('warn')).toHaveLength(warnings);
    expect(await exists()).toBe(outcome === 'stolen');
  });

  it('C4a: withLock() does not turn a lock that was lost into an error', async () => {
    expect(await context.locks.withLock('a', () => server.command('DEL', 'lock:a').then(() => 'result'))).toBe(
      'result',
    );
    expect(context.log.at('warn')).toEqual([expect.stringContaining('"a" was lost')]);
  });

  it.each(['killed', 'paused'])(
    'C4b: result and error of withLock() pass untouched when Redis was %s meanwhile',
    async (how) => {
      const result = {};
      const error = new Error('of the body');
      const stop = (): unknown => (how === 'killed' ? server.stop('SIGKILL') : server.pause());
      const bodies = [
        context.locks.withLock('a', async () => {
          await stop();
          return result;
        }),
        context.locks.withLock('b', async () => {
          await stop();
          throw error;
        }),
      ];
      expect(await bodies[0]).toBe(result);
      expect(await rejection(bodies[1] as Promise<unknown>)).toBe(error);
      expect(context.log.at('warn').filter((text) => text.includes('could not be released'))).toHaveLength(2);
      if (how === 'paused') server.resume();
    },
  );

  it('C4c: of an expired lock is one command', async () => {
    const lock = await context.locks.acquire('a', { ttl: 100, renew: false });
    await eventually(async () => !(await exists()));
    await resetCommandCounts(server.url);
    expect(await lock.release()).toBe('expired');
    expect((await commandCounts(server.url)).evalsha).toBe(1);
  });

  it('C4d: whose reply was lost, and that the client sends again, is no loss', async () => {
    const lock = await context.locks.acquire('a');
    proxy.set('drop-replies');
    const released = lock.release();
    await eventually(async () => !(await exists()));
    proxy.set('forward');
    proxy.cut();
    expect(await released).toBe('released');
    expect(lock.signal.aborted).toBe(false);
    expect(context.log.at('warn').filter((text) => text.includes('lost'))).toEqual([]);
  });

  it('C4d: nor is it when somebody else got in before the client sent it again', async () => {
    const lock = await context.locks.acquire('a');
    proxy.set('drop-replies');
    const released = lock.release();
    await eventually(async () => !(await exists()));
    await server.command('SET', 'lock:a', 'the next one', 'NX', 'PX', 10_000);
    proxy.set('forward');
    proxy.cut();
    expect(await released).toBe('released');
    expect(lock.signal.aborted).toBe(false);
    expect(await server.command('GET', 'lock:a')).toBe('the next one');
  });

  it('C4a: that Redis did not confirm is repeated until it is done', async () => {
    const lock = await context.locks.acquire('a', { ttl: 60_000 });
    proxy.set('black-hole');
    expect(await rejection(lock.release())).toMatchObject({ code: 'LOCK_BACKEND', key: 'a' });
    expect(await exists()).toBe(true);
    proxy.set('forward');
    proxy.cut();
    await eventually(async () => !(await exists()));
  });
});
