import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Checkpoint } from '../support/checkpoint.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { randomFrom } from '../support/random.mjs';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** So long that a key which is left is not gone by itself. */
const TERMS = { ttl: 60_000 };
const ROUNDS = 10;
const JOBS = 8;
/** How close to the shutdown jobs end. */
const CLOSE_TO_MS = 20;

describe('O2: locks that are given back while the app shuts down', () => {
  let server: RedisServer;
  let context: NestContext;

  const open = async (): Promise<NestContext> =>
    (context = await startContext({ lock: { connection: server.url, keyPrefix: 'lock:' } }));
  const leftKeys = async (): Promise<unknown> => server.command('KEYS', 'lock:*');
  const complaints = (): string[] => context.log.at('warn', 'error');
  /** A command that is under way when the releases are made. */
  const keepBusy = (): Promise<unknown> =>
    context.locks.tryAcquire('busy').catch((error: { code?: string }) => error.code);

  beforeAll(async () => {
    server = await startRedis();
  });
  beforeEach(() => server.command('FLUSHALL'));
  afterAll(() => server.stop('SIGKILL'));

  describe.each(['nothing else', 'another command'])('with %s under way', (what) => {
    const during = (): Promise<unknown> | undefined => (what === 'another command' ? keepBusy() : undefined);

    it('two in the turn in which it closes', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { app, locks } = await open();
        const held = await Promise.all([locks.acquire('a', TERMS), locks.acquire('b', TERMS)]);
        const other = during();
        const released = Promise.all(held.map((lock) => lock.release()));
        await app.close();
        expect(await released).toEqual(['released', 'released']);
        expect(await leftKeys()).toEqual([]);
        expect(complaints()).toEqual([]);
        await other;
      }
    });

    it('several keys at once', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { app, locks } = await open();
        const lock = await locks.acquire(['a', 'b', 'c', 'd'], TERMS);
        const other = during();
        const released = lock.release();
        await app.close();
        expect(await released).toBe('released');
        expect(await leftKeys()).toEqual([]);
        expect(complaints()).toEqual([]);
        await other;
      }
    });
  });

  it(`${JOBS} jobs that end within ${CLOSE_TO_MS} ms of it, some of them in the same`, async () => {
    const random = randomFrom(1);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { app, locks } = await open();
      const inside = new Checkpoint();
      const work = async (job: number): Promise<number> => {
        await inside.pass();
        return sleep(Math.floor(random() * CLOSE_TO_MS), job);
      };
      const jobs = Array.from({ length: JOBS }, (_, job) => locks.withLock(`job-${job}`, TERMS, () => work(job)));
      await inside.arrived(JOBS);
      inside.open();
      await app.close();
      expect(await Promise.all(jobs)).toEqual(Array.from({ length: JOBS }, (_, job) => job));
      expect(await leftKeys()).toEqual([]);
      expect(complaints()).toEqual([]);
    }
  });
});
