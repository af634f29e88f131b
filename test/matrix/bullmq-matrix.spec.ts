import { EventEmitter } from 'node:events';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BullModule, getQueueToken, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job, Queue, Worker } from 'bullmq';
import { RedisLockService } from 'nestjs-redis-lock';
import { uniqueKey } from '../support/unique-key.js';
import { replying, silent } from './support/calls.js';
import type { Cell } from './support/cell.js';
import { describeMatrix } from './support/describe-matrix.js';
import { THROWN } from './support/forms.js';
import { asPassed, type Group, type Host, type Kind, type Scene, type World } from './support/kind.js';
import { rootModule } from './support/root-module.js';

type OrderJob = Job<{ id: string }>;

const RUN = uniqueKey('matrix');
/** Not that of the locks. */
const { hostname: host, port } = new URL(process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1');

const queueOf = ({ id }: Cell): string => `${RUN}-${id}`;
const queues: string[] = [];

function processor(cell: Cell): Type<WorkerHost> {
  queues.push(queueOf(cell));

  @Processor(queueOf(cell))
  class OrderProcessor extends WorkerHost {
    constructor(private readonly locks: RedisLockService) {
      super();
    }

    async process({ data }: OrderJob): Promise<string> {
      return cell.body(this.locks, data.id);
    }
  }
  return cell.decorate(OrderProcessor, [], 'process');
}

function listener(cell: Cell): Type<WorkerHost> {
  queues.push(queueOf(cell));

  @Processor(queueOf(cell))
  class OrderProcessor extends WorkerHost {
    constructor(private readonly locks: RedisLockService) {
      super();
    }

    async process(): Promise<void> {}

    async run({ data }: OrderJob): Promise<string> {
      return cell.body(this.locks, data.id);
    }
  }
  return cell.decorate(OrderProcessor, [OnWorkerEvent('completed')]);
}

const workerOf = ({ world }: Scene, { type }: Cell): Worker => world.app.get<WorkerHost>(type).worker;
const add = ({ world }: Scene, cell: Cell): Promise<unknown> =>
  world.app.get<Queue>(getQueueToken(queueOf(cell))).add('pay', { id: cell.sent });

/** What becomes of the next job, as its worker tells. */
async function result(scene: Scene, cell: Cell): Promise<unknown> {
  const worker = workerOf(scene, cell);
  const end = new Promise((resolve, reject) => {
    worker.once('completed', (_job, value) => resolve(value ?? undefined));
    worker.once('failed', (_job, error) => reject(error));
  });
  await add(scene, cell);
  return end;
}

const BULL: Pick<Kind, 'ids' | 'form' | 'pipeline' | 'argument'> = {
  ids: [],
  form: THROWN,
  pipeline: 'none',
  argument: asPassed('{0.data.id}'),
};

/** BullMQ does not wait for what a listener returns: Node hands its rejection to the worker. */
function listen(scene: Scene, cell: Cell): ReturnType<typeof silent> {
  const errors: unknown[] = [];
  workerOf(scene, cell).on('error', (error) => void errors.push(error));
  return silent(scene, cell, errors, () => add(scene, cell));
}

async function open({ modules, classes, log }: Host): Promise<World> {
  EventEmitter.captureRejections = true;
  const imports = [
    BullModule.forRoot({ connection: { host, port: Number(port) } }),
    BullModule.registerQueue(...queues.map((name) => ({ name }))),
  ];
  const app = await NestFactory.createApplicationContext(rootModule({ modules, classes }, 'providers', { imports }), {
    logger: log,
    abortOnError: false,
  });
  const close = async (): Promise<void> => {
    EventEmitter.captureRejections = false;
    await app.close();
  };
  return { app, close };
}

const group: Group = {
  name: 'a processor of BullMQ',
  kinds: [
    { ...BULL, name: 'process()', declare: processor, begin: (scene, cell) => replying(result(scene, cell)) },
    { ...BULL, name: '@OnWorkerEvent()', returnsNothing: true, declare: listener, begin: listen },
  ],
  open,
};

describeMatrix({ group, cells: 2 * 3 * 10 });
