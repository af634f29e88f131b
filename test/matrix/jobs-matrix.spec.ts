import { Injectable, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { RedisLockService } from 'nestjs-redis-lock';
import { logging, replying } from './support/calls.js';
import type { Cell } from './support/cell.js';
import { describeMatrix } from './support/describe-matrix.js';
import { TEXT, THROWN } from './support/forms.js';
import { asPassed, type Group, type Kind, type Scene } from './support/kind.js';
import { rootModule } from './support/root-module.js';

/** So far away that nobody but a test fires it. */
const NEVER_MS = 2 ** 31 - 1;

/** What Node keeps of a timer. */
interface Timer {
  _onTimeout(): Promise<unknown>;
}

function job(cell: Cell, schedule: MethodDecorator): Type {
  @Injectable()
  class Jobs {
    constructor(private readonly locks: RedisLockService) {}

    async run(): Promise<string> {
      return cell.body(this.locks);
    }
  }
  return cell.decorate(Jobs, [schedule]);
}

function listener(cell: Cell, suppressErrors: boolean): Type {
  @Injectable()
  class Listener {
    constructor(private readonly locks: RedisLockService) {}

    async run({ id }: { id: string }): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  return cell.decorate(Listener, [OnEvent(cell.id, { suppressErrors })]);
}

const scheduled = (
  name: string,
  schedule: (cell: Cell) => MethodDecorator,
  fire: (registry: SchedulerRegistry, cell: Cell) => Promise<unknown>,
): Kind => ({
  name,
  ids: [],
  form: THROWN,
  pipeline: 'none',
  returnsNothing: true,
  isJob: true,
  declare: (cell) => job(cell, schedule(cell)),
  begin: ({ world, log }, cell) => logging(log.errors, () => fire(world.app.get(SchedulerRegistry), cell)),
});

async function emit({ world }: Scene, { id, sent }: Cell): Promise<unknown> {
  const [value] = (await world.app.get(EventEmitter2).emitAsync(id, { id: sent })) as unknown[];
  return value;
}

const EVENT: Pick<Kind, 'ids' | 'pipeline' | 'argument'> = { ids: [], pipeline: 'none', argument: asPassed('{0.id}') };

const group: Group = {
  name: 'a job or a listener',
  kinds: [
    scheduled(
      '@Cron()',
      ({ id }) => Cron(CronExpression.EVERY_SECOND, { name: id, disabled: true, waitForCompletion: true }),
      (registry, { id }) => registry.getCronJob(id).fireOnTick(),
    ),
    scheduled(
      '@Interval()',
      ({ id }) => Interval(id, NEVER_MS),
      (registry, { id }) => registry.getInterval<Timer>(id)._onTimeout(),
    ),
    scheduled(
      '@Timeout()',
      ({ id }) => Timeout(id, NEVER_MS),
      (registry, { id }) => registry.getTimeout<Timer>(id)._onTimeout(),
    ),
    {
      ...EVENT,
      name: '@OnEvent() whose errors are logged',
      form: TEXT,
      declare: (cell) => listener(cell, true),
      begin: (scene, cell) => logging(scene.log.errors, () => emit(scene, cell)),
    },
    {
      ...EVENT,
      name: '@OnEvent() whose errors go to the emitter',
      form: THROWN,
      declare: (cell) => listener(cell, false),
      begin: (scene, cell) => replying(emit(scene, cell)),
    },
  ],
  open: async (host) => {
    const root = rootModule(host, 'providers', { imports: [ScheduleModule.forRoot(), EventEmitterModule.forRoot()] });
    const app = await NestFactory.createApplicationContext(root, { logger: host.log, abortOnError: false });
    return { app, close: () => app.close() };
  },
};

describeMatrix({ group, cells: 5 * 3 * 10 });
