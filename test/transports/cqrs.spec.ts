import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  QueryBus,
  QueryHandler,
  type ICommandHandler,
  type IEventHandler,
  type IQueryHandler,
} from '@nestjs/cqrs';
import { LockNotAcquiredError, RedisLockService, WithLock } from 'nestjs-redis-lock';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';

const stage = { work: new Checkpoint(), keys: [] as unknown[] };

class Order {
  constructor(readonly id: string) {}
}

class Pay extends Order {}
class Find extends Order {}
class Paid extends Order {}
class Refund extends Order {}

@CommandHandler(Pay)
class PayHandler implements ICommandHandler<Pay> {
  constructor(private readonly locks: RedisLockService) {}

  @WithLock('order:{0.id}', { wait: 5_000 })
  async execute(_command: Pay): Promise<string | undefined> {
    await stage.work.pass();
    return this.locks.current()?.key;
  }
}

@CommandHandler(Refund)
class RefundHandler implements ICommandHandler<Refund> {
  @WithLock('order:{0.id}', { wait: 0 })
  async execute(_command: Refund): Promise<string> {
    return 'ran';
  }
}

@QueryHandler(Find)
class FindHandler implements IQueryHandler<Find> {
  constructor(private readonly locks: RedisLockService) {}

  @WithLock('order:{0.id}', { wait: 5_000 })
  async execute(_query: Find): Promise<string | undefined> {
    await stage.work.pass();
    return this.locks.current()?.key;
  }
}

@EventsHandler(Paid)
class PaidHandler implements IEventHandler<Paid> {
  constructor(private readonly locks: RedisLockService) {}

  @WithLock('order:{0.id}', { wait: 5_000 })
  async handle(_event: Paid): Promise<void> {
    await stage.work.pass();
    stage.keys.push(this.locks.current()?.key);
  }
}

describe('@WithLock() on a handler of CQRS', () => {
  let redis: LockRedis;
  let app: INestApplicationContext;

  beforeAll(async () => {
    redis = await startLockRedis();
    const root = {
      module: class RootModule {},
      imports: [...redis.modules, CqrsModule.forRoot()],
      providers: [PayHandler, RefundHandler, FindHandler, PaidHandler],
    };
    app = await NestFactory.createApplicationContext(root, { logger: new RecordingLogger(), abortOnError: false });
    await app.init();
  });

  afterEach(async () => {
    stage.work.open();
    await redis.untilNothingIsLeft();
    Object.assign(stage, { work: new Checkpoint(), keys: [] });
  });

  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  /** Each returns, or publishes, the key that its handler ran under. */
  const KINDS: Record<string, (id: string) => unknown> = {
    command: async (id) => stage.keys.push(await app.get(CommandBus).execute(new Pay(id))),
    query: async (id) => stage.keys.push(await app.get(QueryBus).execute(new Find(id))),
    event: (id) => app.get(EventBus).publish(new Paid(id)),
  };

  it.each(Object.entries(KINDS))('N3a D2c: of a %s runs one at a time per key', async (_, send) => {
    for (const id of ['1', '1', '2']) void send(id);
    await eventually(async () => (await app.get(RedisLockService).inspect('order:1'))?.waiting === 1);
    await stage.work.arrived(2);
    expect(stage.work.arrivals).toBe(2);
    stage.work.open();
    await eventually(() => stage.keys.length === 3);
    expect(stage.keys.sort()).toEqual(['order:1', 'order:1', 'order:2']);
    expect(stage.work.mostInside).toBe(2);
  });

  it.each(Object.entries(KINDS))('N3d: of a %s takes the lock once', async (_, send) => {
    stage.work.open();
    const scripts = await redis.scriptsOf(async () => {
      void send('1');
      await eventually(() => stage.keys.length === 1);
    });
    expect(scripts).toBe(2);
  });

  it('D4: of a command tells the caller that it is busy', async () => {
    const giveBack = await redis.takeAsStranger('order:1');
    await expect(app.get(CommandBus).execute(new Refund('1'))).rejects.toThrow(LockNotAcquiredError);
    await giveBack();
    expect(await app.get(CommandBus).execute(new Refund('1'))).toBe('ran');
  });
});
