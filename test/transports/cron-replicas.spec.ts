import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { startContext, type NestContext } from '../support/nest-context.js';
import { randomFrom } from '../support/random.mjs';
import { SEED } from '../support/seed.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';

const REPLICAS = 5;
const SKEW_MS = 200;
/** Longer than the skew, and than whatever a slow machine may be late: the test ends it. */
const MIN_HOLD_MS = 60_000;
/** 100 ticks in all; the jobs tick side by side. */
const JOBS = 20;
const TICKS = 5;

const random = randomFrom(SEED);

@Injectable()
class Report {
  runs = 0;

  constructor(private readonly locks: RedisLockService) {}

  @WithLock('report:{0}', { wait: 0, onBusy: 'skip', minHold: MIN_HOLD_MS })
  async tick(job: number): Promise<string> {
    this.locks.assertLocked(`report:${job}`);
    this.runs += 1;
    return 'ran';
  }
}

describe(`a cron job of ${REPLICAS} replicas whose clocks differ by up to ${SKEW_MS} ms (SEED=${SEED})`, () => {
  let redis: LockRedis;
  let replicas: NestContext[];

  beforeAll(async () => {
    redis = await startLockRedis();
    replicas = await Promise.all(
      Array.from({ length: REPLICAS }, () =>
        startContext({ providers: [Report], lock: { connection: redis.url, keyPrefix: 'lock:' } }),
      ),
    );
  });

  afterAll(async () => {
    await Promise.all(replicas.map(({ app }) => app.close()));
    await redis.stop();
  });

  /** What one tick of one job comes to on each replica. */
  function tick(job: number, skews: readonly number[]): Promise<(string | undefined)[]> {
    return Promise.all(replicas.map(({ app }, replica) => sleep(skews[replica]).then(() => app.get(Report).tick(job))));
  }

  it('N1 N2: runs exactly once per tick over 100 ticks, and nobody logs anything', async () => {
    const logged = (): string[] =>
      replicas.flatMap(({ log }) => log.at('log', 'error', 'warn', 'debug', 'verbose', 'fatal'));
    const before = logged();
    for (let round = 1; round <= TICKS; round += 1) {
      const skews = Array.from({ length: JOBS }, () => Array.from({ length: REPLICAS }, () => random() * SKEW_MS));
      const results = await Promise.all(skews.map((ofReplicas, job) => tick(job, ofReplicas)));
      for (const [job, outcomes] of results.entries()) {
        expect({ round, job, outcomes: outcomes.filter((outcome) => outcome !== undefined) }).toEqual({
          round,
          job,
          outcomes: ['ran'],
        });
      }
      expect(await redis.left()).toHaveLength(JOBS);
      await redis.endLeases();
    }
    const runs = replicas.map(({ app }) => app.get(Report).runs);
    expect(runs.reduce((sum, count) => sum + count)).toBe(JOBS * TICKS);
    expect(logged()).toEqual(before);
  });
});
