import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import type { NestContext } from '../../support/nest-context.js';
import { PATIENCE_MS } from '../../support/patience.mjs';
import { openScene, type Scene } from './support/scene.js';

const TERMS = { ttl: 30_000 };
const CALLERS = 5;
const LOCKS = 100;
const HOLD_MS = 5;

describe('W3: a process at the head of the queue that is stopped or killed costs the next caller two seconds at most', () => {
  let scene: Scene;
  let one: NestContext;
  let two: NestContext;
  let listener: Redis;

  beforeEach(async () => {
    scene = await openScene();
    [one, two] = await Promise.all([scene.open(), scene.open()]);
    listener = new Redis(scene.server.url);
  });
  afterEach(async () => {
    listener.disconnect();
    await scene.close();
  });

  /** From now on wake-ups arrive at `one`. */
  const openInbox = async (): Promise<void> => {
    const lock = await two.locks.acquire('warm-up', TERMS);
    const woken = one.locks.acquire('warm-up', TERMS);
    await scene.queued(1, 'warm-up');
    await lock.release();
    await (await woken).release();
  };

  /** Callers that take the lock one after the other, so often. Each lock counts as free from its release on. */
  const crowd = async (free: () => number, onReleased: () => void): Promise<void> => {
    let left = LOCKS;
    const caller = async (): Promise<void> => {
      while ((left -= 1) >= 0) {
        await one.locks.withLock('a', TERMS, async () => {
          scene.judgeFree(free());
          await sleep(HOLD_MS);
          onReleased();
        });
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  };

  it('stopped, with a crowd elsewhere: it is passed over, and gets in when it goes on', async () => {
    await openInbox();
    const lock = await one.locks.acquire('a', TERMS);
    const stopped = await scene.start({ wait: 60_000 });
    await scene.queued(1);
    stopped.kill('SIGSTOP');
    let free = Infinity;
    const done = crowd(
      () => free,
      () => (free = performance.now()),
    );
    await lock.release();
    free = Math.min(free, performance.now());
    await done;
    stopped.kill('SIGCONT');
    await eventually(() => stopped.got > 0, PATIENCE_MS);
  });

  it('stopped for longer than it wants to wait: what it leaves when it comes back is passed on', async () => {
    const lock = await one.locks.acquire('a', TERMS);
    const wait = 1_000;
    const stopped = await scene.start({ wait, times: 1 });
    await scene.queued(1);
    const stoppedAt = performance.now();
    stopped.kill('SIGSTOP');
    const next = two.locks.acquire('a', TERMS);
    await scene.queued(2);
    await lock.release();
    const free = performance.now();
    await sleep(Math.max(0, stoppedAt + wait - performance.now()));
    stopped.kill('SIGCONT');
    await (await next).release();
    scene.judgeFree(free);
    // The wake-up that lay in its socket may let it in at the last moment.
    await eventually(() => stopped.failures.length + stopped.got > 0, PATIENCE_MS);
    expect(stopped.failures).toEqual(stopped.got > 0 ? [] : ['LOCK_NOT_ACQUIRED']);
  });

  it.each(['nobody else listens', 'somebody listens to every channel'])('killed with -9, where %s', async (who) => {
    const lock = await one.locks.acquire('a', TERMS);
    const killed = await scene.start({ wait: 60_000 });
    await scene.queued(1);
    const next = two.locks.acquire('a', TERMS);
    await scene.queued(2);
    if (who === 'somebody listens to every channel') await listener.psubscribe('*');
    killed.kill('SIGKILL');
    await killed.exited;
    await lock.release();
    const free = performance.now();
    await (await next).release();
    scene.judgeFree(free);
  });
});
