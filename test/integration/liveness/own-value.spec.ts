import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Lock, RedisLockService } from 'nestjs-redis-lock';
import { eventually } from '../../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import { watch } from '../../support/watch.js';
import { openScene, type Scene } from './support/scene.js';
import { WARM_UP } from '../../support/patience.mjs';

const LONG_TTL = 30_000;
const SHORT_TTL = 1_000;
const NOSCRIPT = 'NOSCRIPT No matching script. Please use EVAL.';

describe('C1c: commands that arrive in another order than they were sent', () => {
  let scene: Scene;
  let proxy: FaultProxy;
  let locks: RedisLockService;

  beforeEach(async () => {
    scene = await openScene();
    proxy = await startFaultProxy(scene.server.port);
    ({ locks } = await scene.open({ connection: proxy.url }));
    await locks.withLock('warm-up', WARM_UP, (lock) => lock.extend());
  });
  afterEach(async () => {
    await scene.close();
    await proxy.close();
  });

  const timeLeft = async (): Promise<number> => Number(await scene.server.command('PTTL', 'lock:a'));

  /** The holder's belief is read first: whatever time passes makes Redis keep it for less, and never for longer than it said. */
  const expectHonest = async ({ isHeld, expiresAt }: Lock): Promise<void> => {
    const left = await timeLeft();
    if (isHeld) expect(expiresAt).toBeLessThanOrEqual(Date.now() + left);
  };

  /** The first command with this argument is answered NOSCRIPT, so that it is sent again behind those that came after it. */
  const holdBack = (ttl: number): void => {
    const argument = `\r\n${ttl}\r\n`;
    let seen = 0;
    const stop = proxy.onCommand(argument, () => {
      seen += 1;
      proxy.refuse(seen === 1 ? NOSCRIPT : undefined, argument);
      if (seen === 2) stop();
    });
  };

  it.each([
    ['a short extension behind a long one', SHORT_TTL, LONG_TTL],
    ['a long extension behind a short one', LONG_TTL, SHORT_TTL],
  ])('%s: the holder never believes in more than Redis keeps', async (_what, late, early) => {
    const lock = await locks.acquire('a', { ttl: LONG_TTL, renew: false });
    holdBack(late);
    const extended = [late, early].map((ttl) => watch(lock.extend(ttl)));
    await eventually(() => extended.every(({ state }) => state !== 'pending'), LONG_TTL);
    await expectHonest(lock);
    await eventually(async () => {
      await expectHonest(lock);
      return !lock.isHeld || lock.expiresAt - Date.now() > SHORT_TTL;
    });
    await lock.release();
  });

  describe('bytes of a connection that was replaced', () => {
    let bytes: string | undefined;

    /** The command that takes the lock is held back; its connection breaks, and it is sent again. */
    const acquire = async (ttl: number): Promise<Lock> => {
      const stop = proxy.onCommand('\r\nlock:a\r\n', (command) => {
        stop();
        bytes = command;
        proxy.cut();
      });
      const lock = await locks.acquire('a', { ttl, renew: false });
      expect(bytes).toContain('lock:a');
      return lock;
    };
    const arrive = async (): Promise<void> => {
      const socket = connect(scene.server.port, '127.0.0.1');
      socket.write(bytes ?? '', 'latin1');
      await once(socket, 'data');
      socket.destroy();
    };

    it('do not shorten the lease that was extended meanwhile', async () => {
      const lock = await acquire(SHORT_TTL * 3);
      await lock.extend(LONG_TTL);
      await arrive();
      await expectHonest(lock);
      expect(await timeLeft()).toBeGreaterThan(SHORT_TTL * 3);
      expect(await lock.release()).toBe('released');
    });

    it('leave no orphan when the lock was released meanwhile', async () => {
      const lock = await acquire(LONG_TTL);
      expect(await lock.release()).toBe('released');
      await arrive();
      await eventually(async () => (await timeLeft()) < 0, LONG_TTL / 3);
    });
  });
});
