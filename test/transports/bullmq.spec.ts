import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BullModule, getQueueToken, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job, Queue } from 'bullmq';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';
import { uniqueKey } from '../support/unique-key.js';

const [PLAIN, LOCKED] = [uniqueKey('plain-events'), uniqueKey('locked-events')];
const { hostname: host, port } = new URL(process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1');
const stage = { work: new Checkpoint(), results: [] as unknown[], failures: [] as string[] };

@Injectable()
abstract class OrderProcessor extends WorkerHost {
  constructor(protected readonly locks: RedisLockService) {
    super();
  }

  @WithLock('order:{0.data.id}', { wait: 5_000 })
  async process({ data }: Job<{ id: string }>): Promise<string | undefined> {
    await stage.work.pass();
    if (data.id === 'throws') throw new Error('its own');
    return this.locks.current()?.key;
  }
}

@Processor(PLAIN, { concurrency: 5 })
class PlainEventsProcessor extends OrderProcessor {
  @OnWorkerEvent('completed')
  onCompleted(_job: Job, result: unknown): void {
    stage.results.push(result);
  }

  @OnWorkerEvent('failed')
  onFailed(_job: Job, error: Error): void {
    stage.failures.push(error.message);
  }
}

@Processor(LOCKED, { concurrency: 5 })
class LockedEventsProcessor extends OrderProcessor {
  @OnWorkerEvent('completed')
  @WithLock('completed:{0.data.id}')
  async onCompleted({ data }: Job, result: unknown): Promise<void> {
    this.locks.assertLocked(`completed:${data.id}`);
    stage.results.push(result);
  }

  @WithLock('failed:{0.data.id}')
  @OnWorkerEvent('failed')
  async onFailed({ data }: Job, error: Error): Promise<void> {
    this.locks.assertLocked(`failed:${data.id}`);
    stage.failures.push(error.message);
  }
}

describe('@WithLock() on a processor of jobs', () => {
  let redis: LockRedis;
  let app: INestApplicationContext;

  beforeEach(async () => {
    Object.assign(stage, { work: new Checkpoint(), results: [], failures: [] });
    redis = await startLockRedis();
    const queues = BullModule.registerQueue({ name: PLAIN }, { name: LOCKED });
    const imports = [...redis.modules, BullModule.forRoot({ connection: { host, port: Number(port) } }), queues];
    const root = { module: class RootModule {}, imports, providers: [PlainEventsProcessor, LockedEventsProcessor] };
    app = await NestFactory.createApplicationContext(root, { logger: new RecordingLogger(), abortOnError: false });
  });

  afterEach(async () => {
    stage.work.open();
    await app.close();
    await redis.stop();
  });

  const queue = (name: string): Queue => app.get<Queue>(getQueueToken(name));
  const untilWaiting = (): Promise<unknown> =>
    eventually(async () => (await app.get(RedisLockService).inspect('order:1'))?.waiting === 1);

  it('N3a N10 D2c: runs the inherited method one at a time per key of the job', async () => {
    for (const id of ['1', '1', '2']) await queue(PLAIN).add('pay', { id });
    await untilWaiting();
    await stage.work.arrived(2);
    expect(stage.work.arrivals).toBe(2);
    stage.work.open();
    await eventually(() => stage.results.length === 3);
    expect(stage.results.sort()).toEqual(['order:1', 'order:1', 'order:2']);
    expect(stage.work.mostInside).toBe(2);
    await redis.untilNothingIsLeft();
  });

  it.each([
    { name: PLAIN, id: '1', results: ['order:1'], failures: [], scripts: 2 },
    { name: PLAIN, id: 'throws', results: [], failures: ['its own'], scripts: 2 },
    { name: LOCKED, id: '1', results: ['order:1'], failures: [], scripts: 4 },
    { name: LOCKED, id: 'throws', results: [], failures: ['its own'], scripts: 4 },
  ])(
    'N3d N7: takes each lock of the job and of its events once (case %#)',
    async ({ name, id, scripts, ...outcome }) => {
      stage.work.open();
      const counted = await redis.scriptsOf(async () => {
        await queue(name).add('pay', { id });
        await eventually(() => stage.results.length + stage.failures.length === 1);
      });
      expect({ results: stage.results, failures: stage.failures }).toEqual(outcome);
      expect(counted).toBe(scripts);
    },
  );

  it('O2: lets the job in flight finish at shutdown, and fails the one that waits', async () => {
    for (const id of ['1', '1']) await queue(PLAIN).add('pay', { id });
    await stage.work.arrived();
    await untilWaiting();
    const closed = app.close();
    await eventually(() => stage.failures.length === 1);
    expect(stage.failures[0]).toMatch(/shutting down/);
    stage.work.open();
    await closed;
    expect([stage.results, stage.work.arrivals]).toEqual([['order:1'], 1]);
    expect(await redis.left()).toEqual([]);
  });
});
