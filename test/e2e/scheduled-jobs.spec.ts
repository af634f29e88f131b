import { describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { RedisLockService, WithLock, type WithLockOptions } from 'nestjs-redis-lock';
import { applyDecorators } from '../support/apply-decorators.js';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { startContext } from '../support/nest-context.js';
import { sendCommand } from '../support/send-command.js';
import { uniqueKey } from '../support/unique-key.js';

const SCHEDULED = {
  Interval: Interval('tick', 5),
  Timeout: Timeout('tick', 5),
  Cron: Cron(CronExpression.EVERY_SECOND, { name: 'tick' }),
};
const JOBS: Record<string, MethodDecorator> = { ...SCHEDULED, OnEvent: OnEvent('tick') };

const CASES = Object.entries(JOBS).flatMap(([trigger, job]) => [
  { trigger, order: 'above', decorate: (lock: MethodDecorator) => [lock, job] },
  { trigger, order: 'below', decorate: (lock: MethodDecorator) => [job, lock] },
]);

const MIN_HOLD_MS = 60_000;

const imports = [ScheduleModule.forRoot(), EventEmitterModule.forRoot()];

function jobClass(
  decorate: (lock: MethodDecorator) => MethodDecorator[],
  work: Checkpoint,
  options: WithLockOptions = {},
) {
  @Injectable()
  class Job {
    constructor(private readonly locks: RedisLockService) {}

    async tick(): Promise<void> {
      this.locks.assertLocked('job');
      await work.pass();
    }
  }
  applyDecorators(Job.prototype, 'tick', decorate(WithLock('job', options) as MethodDecorator));
  return Job;
}

function stopSchedules(app: INestApplicationContext): void {
  const registry = app.get(SchedulerRegistry);
  for (const name of registry.getIntervals()) registry.deleteInterval(name);
  for (const job of registry.getCronJobs().values()) void job.stop();
}

describe.each(CASES)('@WithLock() $order @$trigger()', ({ trigger, decorate }) => {
  it('N3 N4: registers the job, and runs one call at a time', async () => {
    const work = new Checkpoint();
    const Job = jobClass(decorate, work);
    const { app, locks, log } = await startContext({ imports, providers: [Job] });
    const fire = (): unknown => app.get(EventEmitter2).emit('tick');
    if (trigger === 'OnEvent') fire();
    await work.arrived();
    stopSchedules(app);
    if (trigger === 'OnEvent') fire();
    else void app.get(Job).tick();
    await eventually(async () => ((await locks.inspect('job'))?.waiting ?? 0) > 0);
    expect(work.arrivals).toBe(1);
    work.letOne();
    await work.arrived(2);
    work.open();
    await eventually(async () => (await locks.inspect('job')) === null);
    await app.close();
    expect(work.mostInside).toBe(1);
    expect(log.at('warn', 'error')).toEqual([]);
  });
});

describe('a job of several replicas', () => {
  it('N1: runs on one at a time, and the others say nothing', async () => {
    const work = new Checkpoint();
    const Job = jobClass((lock) => [SCHEDULED.Interval, lock], work, { onBusy: 'skip', wait: 0 });
    const keyPrefix = uniqueKey('replicas');
    const replicas = await Promise.all(
      Array.from({ length: 5 }, () => startContext({ imports, providers: [Job], lock: { keyPrefix } })),
    );
    for (let run = 1; run <= 10; run += 1) {
      await work.arrived(run);
      // Everyone else has asked once more before this one ends.
      await Promise.all(replicas.map(({ app }) => app.get(Job).tick()));
      expect(work.arrivals).toBe(run);
      work.letOne();
    }
    for (const { app } of replicas) stopSchedules(app);
    work.open();
    await Promise.all(replicas.map(({ app }) => app.close()));
    expect(work.mostInside).toBe(1);
    expect(replicas.flatMap(({ log }) => log.at('warn', 'error'))).toEqual([]);
  });

  it('N2: with minHold, runs once per tick although the clocks of the replicas disagree', async () => {
    const work = new Checkpoint();
    work.open();
    const Job = jobClass((lock) => [lock], work, { onBusy: 'skip', wait: 0, minHold: MIN_HOLD_MS });
    const keyPrefix = uniqueKey('replicas');
    const replicas = await Promise.all([0, 1, 2].map(() => startContext({ providers: [Job], lock: { keyPrefix } })));
    for (const { app } of replicas) await app.get(Job).tick();
    expect(work.arrivals).toBe(1);
    const [first] = replicas;
    expect((await first?.locks.inspect('job'))?.ttl).toBeLessThanOrEqual(MIN_HOLD_MS);
    // The process that ran it may be gone meanwhile.
    await first?.app.close();
    await replicas[1]?.app.get(Job).tick();
    expect(work.arrivals).toBe(1);
    // As if that time had passed.
    expect(await sendCommand(process.env.TEST_REDIS_URL ?? '', 'DEL', `${keyPrefix}job`)).toBe(1);
    await replicas[1]?.app.get(Job).tick();
    expect(work.arrivals).toBe(2);
    await Promise.all(replicas.slice(1).map(({ app }) => app.close()));
  });
});
