import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Injectable,
  Scope,
  type INestApplicationContext,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';

const stage = { work: new Checkpoint(), hooks: [] as (string | undefined)[] };

/** Does what the caller of the test waits for, and asserts that it is locked. */
@Injectable()
abstract class Locked {
  constructor(protected readonly locks: RedisLockService) {}

  protected async work(key: string): Promise<string> {
    this.locks.assertLocked(key);
    await stage.work.pass();
    return key;
  }
}

@Injectable()
class Jobs extends Locked {
  @WithLock('cron')
  @Cron(CronExpression.EVERY_SECOND, { name: 'cron' })
  async cron(): Promise<string> {
    return this.work('cron');
  }

  @Interval('interval', 20)
  @WithLock('interval')
  async interval(): Promise<string> {
    return this.work('interval');
  }

  @WithLock('timeout')
  @Timeout('timeout', 20)
  async timeout(): Promise<string> {
    return this.work('timeout');
  }

  @OnEvent('event')
  @WithLock('event:{0.id}')
  async event({ id }: { id: string }): Promise<string> {
    return this.work(`event:${id}`);
  }

  @WithLock('self')
  async self(): Promise<string> {
    return this.work('self');
  }

  async selfCall(): Promise<string> {
    return this.self();
  }
}

@Injectable()
class Hooks extends Locked implements OnModuleInit, OnApplicationBootstrap {
  @WithLock('init')
  async onModuleInit(): Promise<void> {
    stage.hooks.push(this.locks.current()?.key);
  }

  @WithLock('bootstrap')
  async onApplicationBootstrap(): Promise<void> {
    stage.hooks.push(this.locks.current()?.key);
  }
}

abstract class Template extends Locked {
  @WithLock('template')
  async inherited(): Promise<string> {
    return this.step();
  }

  abstract step(): Promise<string>;
}

@Injectable()
class Concrete extends Template {
  @WithLock('step')
  async step(): Promise<string> {
    return this.work('step');
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientService extends Concrete {}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedService extends Concrete {}

@Injectable()
class Synchronous {
  ran = 0;

  // @ts-expect-error -- refused by the compiler, which JavaScript does not have
  @WithLock('sync')
  @OnEvent('sync')
  onSync(): void {
    this.ran += 1;
  }

  // @ts-expect-error -- as above
  @WithLock('sync')
  @Timeout('sync', 20)
  timeout(): void {
    this.ran += 1;
  }
}

describe('@WithLock() on a method that is called', () => {
  let redis: LockRedis;
  let app: INestApplicationContext;
  let log: RecordingLogger;

  beforeAll(async () => {
    redis = await startLockRedis();
    log = new RecordingLogger();
    stage.hooks = [];
    const imports = [...redis.modules, ScheduleModule.forRoot(), EventEmitterModule.forRoot()];
    const root = {
      module: class RootModule {},
      imports,
      providers: [Jobs, Hooks, Concrete, TransientService, RequestScopedService, Synchronous],
    };
    app = await NestFactory.createApplicationContext(root, { logger: log, abortOnError: false });
  });

  afterAll(async () => {
    stage.work.open();
    await app.close();
    await redis.stop();
  });

  it('N3 N10: in onModuleInit and onApplicationBootstrap is locked', async () => {
    expect(stage.hooks).toEqual(['init', 'bootstrap']);
  });

  it('N3: by @Cron(), @Interval() and @Timeout() is locked, and runs once at a time', async () => {
    await stage.work.arrived(3);
    const registry = app.get(SchedulerRegistry);
    // Each interval queues another call until it is stopped.
    await eventually(async () => ((await app.get(RedisLockService).inspect('interval'))?.waiting ?? 0) > 1);
    expect((await redis.left()).sort()).toEqual(['lock:cron', 'lock:interval', 'lock:timeout']);
    expect(stage.work.arrivals).toBe(3);
    registry.deleteInterval('interval');
    registry.deleteCronJob('cron');
    stage.work.open();
    await redis.untilNothingIsLeft();
  });

  const jobs = (): Jobs => app.get(Jobs);
  it.each<{ how: string; scripts: number; call: () => unknown }>([
    { how: 'as @Cron() does', scripts: 2, call: () => jobs().cron() },
    { how: 'as @Interval() does', scripts: 2, call: () => jobs().interval() },
    { how: 'as @Timeout() does', scripts: 2, call: () => jobs().timeout() },
    { how: 'by @OnEvent()', scripts: 2, call: () => app.get(EventEmitter2).emitAsync('event', { id: '1' }) },
    { how: 'by its own class', scripts: 2, call: () => jobs().selfCall() },
    { how: 'through a method of its abstract class', scripts: 4, call: () => app.get(Concrete).inherited() },
    { how: 'in the place of an abstract method', scripts: 2, call: () => app.get(Concrete).step() },
    { how: 'on a transient provider', scripts: 4, call: async () => (await app.resolve(TransientService)).inherited() },
    {
      how: 'on a request-scoped provider',
      scripts: 4,
      call: async () => (await app.resolve(RequestScopedService)).inherited(),
    },
  ])('N3d: $how takes each lock once', async ({ scripts, call }) => {
    expect(await redis.scriptsOf(call)).toBe(scripts);
  });

  it('N3: and that returns no promise says so in the log, each time', async () => {
    const complaints = (): string[] => log.at('error', 'warn').filter((text) => text.includes('must return a promise'));
    await eventually(() => complaints().length === 1);
    expect(complaints()[0]).toMatch(/Synchronous\.timeout/);
    app.get(EventEmitter2).emit('sync');
    await eventually(() => complaints().length === 2);
    expect(complaints()[1]).toMatch(/Synchronous\.onSync/);
    await redis.untilNothingIsLeft();
  });
});
