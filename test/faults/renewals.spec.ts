import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACQUIRE } from '../../lib/stores/scripts/acquire.script.js';
import { RELEASE } from '../../lib/stores/scripts/release.script.js';
import { RENEW } from '../../lib/stores/scripts/renew.script.js';
import { atAnySpeed } from '../support/at-any-speed.js';
import { eventually } from '../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { randomFrom } from '../support/random.mjs';
import { SEED } from '../support/seed.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { WARM_UP } from '../support/patience.mjs';

describe('renewals on the wire', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let one: NestContext;
  let two: NestContext;

  const warnings = (): string[] => [...one.log.at('warn', 'error'), ...two.log.at('warn', 'error')];
  /** Counts the renewals from now on. */
  const renewals = (): { count: number } => {
    const seen = { count: 0 };
    proxy.onCommand(RENEW.sha, () => (seen.count += 1));
    return seen;
  };

  const open = async (): Promise<void> => {
    server = await startRedis();
    proxy = await startFaultProxy(server.port);
    one = await startContext({ lock: { connection: proxy.url, keyPrefix: 'lock:', shutdownGrace: 0 } });
    two = await startContext({ lock: { connection: server.url, keyPrefix: 'lock:', shutdownGrace: 0 } });
    // Every script is known, so that its hash is what passes.
    await one.locks.withLock('warm', WARM_UP, (lock) => lock.extend());
  };
  const close = async (): Promise<void> => {
    await Promise.all([one, two].map(({ app }) => app.close()));
    await proxy.close();
    await server.stop('SIGKILL');
  };
  /** With a ttl that a machine of this speed can renew. */
  const renewing = (ttl: number, attempt: (ttl: number) => Promise<void>): Promise<void> =>
    atAnySpeed(100, async (scale) => {
      if (scale > 1) await close().then(open);
      await attempt(ttl * scale);
    });

  beforeEach(open);
  afterEach(close);

  it('C1: a body of one ttl costs at most four, and every third of the ttl has one', () =>
    renewing(1_000, async (ttl) => {
      const seen = renewals();
      await one.locks.withLock('a', { ttl }, () => sleep(ttl));
      expect(seen.count).toBeGreaterThanOrEqual(2);
      expect(seen.count).toBeLessThanOrEqual(4);
      const { count } = seen;
      await sleep(ttl / 2);
      expect(seen.count).toBe(count);
    }));

  it('C1a: a hold of six ttls on a bad network keeps its key at every sample, and nobody else gets in', () =>
    renewing(1_200, async (ttl) => {
      await one.locks.withLock('a', { ttl }, async (lock) => {
        const owner = await server.command('GET', 'lock:a');
        const contender = two.locks.acquire('a', { wait: ttl * 6 }).catch((error) => error.code as string);
        const seen = renewals();
        const calmDown = proxy.onCommand(RENEW.sha, () => {
          // Every other one is executed, and its reply lost with the connection.
          if (seen.count % 2 === 0) proxy.loseReplies(1, RENEW.sha);
        });
        const end = performance.now() + ttl * 6;
        while (performance.now() < end) {
          expect([await server.command('GET', 'lock:a'), lock.isHeld]).toEqual([owner, true]);
          await sleep(50);
        }
        expect(seen.count).toBeGreaterThanOrEqual(6);
        expect(await contender).toBe('LOCK_NOT_ACQUIRED');
        calmDown();
        await eventually(() => one.locks.inspect('a'));
      });
      expect(warnings()).toEqual([]);
    }));

  it.each<[string, () => void]>([
    ['whose reply is lost with its connection', () => proxy.loseReplies(1, RENEW.sha)],
    ['that is refused', () => refuseOne()],
    ['that is cut off before it arrives', () => cutOne()],
  ])('C1b: one renewal %s does not lose the lock: the next one comes', (_, disturb) =>
    renewing(1_800, async (ttl) => {
      const lock = await one.locks.acquire('a', { ttl });
      disturb();
      await proxy.passed(RENEW.sha);
      const before = lock.expiresAt;
      await eventually(() => lock.expiresAt > before + 100, 5 * ttl);
      expect(lock.isHeld).toBe(true);
      expect(await server.command('PTTL', 'lock:a')).toBeGreaterThan(ttl / 3);
      expect(await lock.release()).toBe('released');
      expect(warnings()).toEqual([]);
    }),
  );

  const refuseOne = (): void => {
    proxy.refuse('LOADING Redis is loading the dataset in memory', RENEW.sha);
    let seen = 0;
    const stop = proxy.onCommand(RENEW.sha, () => {
      seen += 1;
      if (seen < 2) return;
      proxy.refuse(undefined);
      stop();
    });
  };
  const cutOne = (): void => {
    const stop = proxy.onCommand(RENEW.sha, () => {
      proxy.cut();
      stop();
    });
  };

  it('C1c: expiry counts from the sending, on a slow network and when the command was sent again', async () => {
    const ttl = 2_000;
    const sent: number[] = [];
    proxy.onCommand(ACQUIRE.sha, () => sent.push(Date.now()));
    proxy.delay(150);
    const slow = await one.locks.acquire('slow', { ttl, renew: false });
    proxy.delay(0);
    expect(slow.expiresAt).toBeLessThanOrEqual(sent.at(-1)! + ttl);
    expect(slow.expiresAt).toBeGreaterThan(Date.now());
    proxy.loseReplies(1, ACQUIRE.sha);
    const first = sent.length;
    const resent = await one.locks.acquire('resent', { ttl, renew: false });
    expect(sent.length).toBeGreaterThan(first + 1);
    expect(resent.expiresAt).toBeLessThanOrEqual(sent.at(-1)! + ttl);
    expect(resent.isHeld).toBe(true);
    expect(await Promise.all([slow.release(), resent.release()])).toEqual(['released', 'released']);
  });

  it('C1d: 1,000 releases that race with renewals: none is renewed after its release, none is told lost, none is left', () =>
    renewing(1_500, async (ttl) => {
      const random = randomFrom(SEED);
      const released = new Set<string>();
      const wrong: string[] = [];
      let renewed = 0;
      const keysIn = (command: string): string[] => command.match(/^lock:race-\d+(?=\r$)/gm) ?? [];
      proxy.onCommand(RELEASE.sha, (command) => keysIn(command).forEach((key) => released.add(key)));
      proxy.onCommand(RENEW.sha, (command) => {
        renewed += 1;
        wrong.push(...keysIn(command).filter((key) => released.has(key)));
      });
      // So that a renewal is often under way when the release is sent.
      proxy.delay(5);
      const work = async (index: number, delay: number): Promise<string> => {
        const lock = await one.locks.acquire(`race-${index}`, { ttl });
        await sleep(delay);
        const outcome = await lock.release();
        return lock.signal.aborted ? 'told lost' : outcome;
      };
      const outcomes = await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => work(index, ttl / 3 - 20 + 40 * random())),
      );
      await sleep(ttl / 3 + 50);
      expect({ SEED, outcomes: [...new Set(outcomes)], wrong, warnings: warnings() }).toEqual({
        SEED,
        outcomes: ['released'],
        wrong: [],
        warnings: [],
      });
      expect(renewed).toBeGreaterThan(0);
      expect(released.size).toBe(1_000);
      expect(await server.command('KEYS', 'lock:*')).toEqual([]);
    }));

  it('C1e: a renewal that is sent again after the key has gone brings nothing back', () =>
    renewing(900, async (ttl) => {
      const lock = await one.locks.acquire('a', { ttl });
      proxy.loseReplies(1, RENEW.sha);
      await proxy.passed(RENEW.sha);
      await server.command('DEL', 'lock:a');
      await eventually(() => lock.signal.aborted);
      expect(lock.signal.reason).toMatchObject({ reason: 'expired' });
      expect(await server.command('EXISTS', 'lock:a')).toBe(0);
      expect(await lock.release()).toBe('expired');
    }));
});
