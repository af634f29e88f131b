import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import { startContext, type NestContext } from '../../support/nest-context.js';
import { startRedis, type RedisServer } from '../../support/redis-server.js';
import { startContender, type Contender } from './support/contender.js';
import { watchDelay, type Delay } from '../../support/delay.js';

/** Never without somebody who wants the lock next. */
const CROWD = { callers: 5, holdMs: 5 };
const WINDOW_MS = 10_000;
const HOLD_MS = 5;
const LOCK = 'lock:a';

describe('W7: a process with a steady crowd', () => {
  let server: RedisServer;
  let crowd: Contender;
  let delay: Delay;
  const contexts: NestContext[] = [];

  const open = async (connection: string): Promise<NestContext> => {
    const context = await startContext({ lock: { connection, keyPrefix: 'lock:' } });
    contexts.push(context);
    return context;
  };
  const openShy = async (): Promise<NestContext> => {
    await server.command(
      'ACL',
      'SETUSER',
      'shy',
      'on',
      '>secret',
      '~*',
      'resetchannels',
      '+@all',
      '-subscribe',
      '-psubscribe',
      '-ssubscribe',
    );
    return open(server.url.replace('redis://', 'redis://shy:secret@'));
  };
  /** Asks again and again until it was answered `times` times, or the window is over. */
  const untilGot = async (times: number, ask: () => Promise<boolean>): Promise<number> => {
    const begin = performance.now();
    let got = 0;
    while (got < times && performance.now() - begin < delay.limit(WINDOW_MS, begin)) got += (await ask()) ? 1 : 0;
    return got;
  };

  beforeEach(async () => {
    server = await startRedis();
    delay = watchDelay(server.url);
    crowd = await startContender(server.url, CROWD);
    await eventually(() => crowd.got > CROWD.callers);
  });
  afterEach(async () => {
    crowd.kill('SIGKILL');
    delay.stop();
    await Promise.all(contexts.splice(0).map(({ app }) => app.close()));
    await server.stop('SIGKILL');
  });

  it('lets in a process that cannot be woken, which never waits in vain, and keeps most of the locks', async () => {
    const { locks } = await openShy();
    const before = crowd.got;
    const got = await untilGot(5, () => locks.withLock('a', () => sleep(HOLD_MS, true)));
    expect(got).toBeGreaterThanOrEqual(3);
    expect(crowd.got - before).toBeGreaterThan(got);
    expect(crowd.failures).toEqual([]);
  });

  it('lets in a process that tries once at a time, as cron jobs do, and cannot be woken', async () => {
    const { locks } = await openShy();
    const before = crowd.got;
    const got = await untilGot(3, async () => {
      await using lock = await locks.tryAcquire('a');
      await sleep(HOLD_MS);
      return lock !== null;
    });
    expect(got).toBeGreaterThanOrEqual(3);
    expect(crowd.got - before).toBeGreaterThan(got);
  });

  it('lets in a program that uses SET NX PX, and keeps most of the locks', async () => {
    const program: Redis = new Redis(server.url);
    const before = crowd.got;
    const got = await untilGot(3, async () => {
      const isOurs = (await program.set(LOCK, 'a program', 'PX', 60_000, 'NX')) === 'OK';
      await sleep(HOLD_MS);
      if (!isOurs) return false;
      await program.del(LOCK);
      return sleep(HOLD_MS, true);
    });
    program.disconnect();
    expect(got).toBeGreaterThanOrEqual(2);
    expect(crowd.got - before).toBeGreaterThan(got);
    expect(crowd.failures).toEqual([]);
  });

  it('lets in a process that waits in the queue, and gets in again itself', async () => {
    const { locks } = await open(server.url);
    const before = crowd.got;
    const got = await untilGot(20, () => locks.withLock('a', () => sleep(HOLD_MS, true)));
    expect(got).toBe(20);
    expect(crowd.got - before).toBeGreaterThan(got / 2);
  });
});
