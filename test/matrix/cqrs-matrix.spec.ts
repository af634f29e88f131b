import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  QueryBus,
  QueryHandler,
  UnhandledExceptionBus,
} from '@nestjs/cqrs';
import { RedisLockService } from 'nestjs-redis-lock';
import { replying, silent } from './support/calls.js';
import type { Cell } from './support/cell.js';
import { describeMatrix } from './support/describe-matrix.js';
import { THROWN } from './support/forms.js';
import { asPassed, type Group, type Kind, type World } from './support/kind.js';
import { rootModule } from './support/root-module.js';

interface Message {
  readonly id: string;
}

interface CqrsWorld extends World {
  /** What the handlers of events threw. */
  readonly unhandled: readonly unknown[];
}

/** The message of each cell. */
const messages = new Map<string, Type<Message>>();

function messageOf({ id }: Cell): Type<Message> {
  class CellMessage implements Message {
    constructor(readonly id: string) {}
  }
  messages.set(id, CellMessage);
  return CellMessage;
}

function handler(cell: Cell, decorator: (message: Type<Message>) => ClassDecorator): Type {
  class Handler {
    constructor(private readonly locks: RedisLockService) {}

    async execute({ id }: Message): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  Reflect.defineMetadata('design:paramtypes', [RedisLockService], Handler);
  decorator(messageOf(cell))(Handler);
  return cell.decorate(Handler, [], 'execute');
}

function listener(cell: Cell): Type {
  @EventsHandler(messageOf(cell))
  class Listener {
    constructor(private readonly locks: RedisLockService) {}

    async handle({ id }: Message): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  return cell.decorate(Listener, [], 'handle');
}

function message({ id, sent }: Cell): Message {
  const CellMessage = messages.get(id) as Type<Message>;
  return new CellMessage(sent);
}

const CQRS: Pick<Kind, 'ids' | 'form' | 'pipeline' | 'argument'> = {
  ids: [],
  form: THROWN,
  pipeline: 'none',
  argument: asPassed('{0.id}'),
};

const group: Group<CqrsWorld> = {
  name: 'a handler of CQRS',
  kinds: [
    {
      ...CQRS,
      name: 'the handler of a command',
      declare: (cell) => handler(cell, CommandHandler),
      begin: ({ world }, cell) => replying(world.app.get(CommandBus).execute(message(cell))),
    },
    {
      ...CQRS,
      name: 'the handler of a query',
      declare: (cell) => handler(cell, QueryHandler),
      begin: ({ world }, cell) => replying(world.app.get(QueryBus).execute(message(cell))),
    },
    {
      ...CQRS,
      name: 'the handler of an event',
      returnsNothing: true,
      declare: listener,
      begin: (scene, cell) =>
        silent(scene, cell, scene.world.unhandled, () => void scene.world.app.get(EventBus).publish(message(cell))),
    },
  ],
  open: async (host) => {
    const root = rootModule(host, 'providers', { imports: [CqrsModule.forRoot()] });
    const app = await NestFactory.createApplicationContext(root, { logger: host.log, abortOnError: false });
    const unhandled: unknown[] = [];
    app.get(UnhandledExceptionBus).subscribe(({ exception }) => void unhandled.push(exception));
    return { app, unhandled, close: () => app.close() };
  },
};

describeMatrix({ group, cells: 3 * 3 * 10 });
