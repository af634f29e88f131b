import { Controller, UseGuards, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import type { ClientProxy, MicroserviceOptions, TcpClientOptions } from '@nestjs/microservices';
import { RedisLockService } from 'nestjs-redis-lock';
import { lastValueFrom, tap } from 'rxjs';
import { freePort } from '../../sample/redis/free-port.js';
import { replying, silent, Told } from './support/calls.js';
import type { Cell } from './support/cell.js';
import { describeMatrix } from './support/describe-matrix.js';
import { RPC, RPC_LOG } from './support/forms.js';
import { raw, type Group, type Host, type World } from './support/kind.js';
import { rootModule } from './support/root-module.js';

interface RpcWorld extends World {
  readonly client: ClientProxy;
}

function controller(cell: Cell, pattern: MethodDecorator): Type {
  @Controller()
  class OrderController {
    constructor(private readonly locks: RedisLockService) {}

    async run(@Payload('id', cell.pipe) id: string): Promise<string> {
      return cell.body(this.locks, id);
    }
  }
  return cell.decorate(OrderController, [pattern, UseGuards(cell.guard)]);
}

/** An error is told in place of a value, not after it. */
async function send(client: ClientProxy, { id, sent }: Cell): Promise<unknown> {
  const values: unknown[] = [];
  const answer = client.send<unknown>(id, { id: sent }).pipe(tap((value) => void values.push(value)));
  return lastValueFrom(answer, { defaultValue: undefined }).catch((error: unknown) => {
    throw new Told(values.length === 0 ? error : { values, error });
  });
}

async function open(host: Host): Promise<RpcWorld> {
  const transport: MicroserviceOptions & TcpClientOptions = {
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: await freePort() },
  };
  const options = { ...transport, logger: host.log, abortOnError: false };
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(rootModule(host, 'controllers'), options);
  await app.listen();
  const client = ClientProxyFactory.create(transport);
  await client.connect();
  const close = async (): Promise<void> => {
    await client.close();
    await app.close();
  };
  return { app, client, close };
}

const group: Group<RpcWorld> = {
  name: 'a handler of a microservice by TCP',
  kinds: [
    {
      name: 'the handler of a message',
      ids: [],
      form: RPC,
      pipeline: 'handler',
      argument: raw('{data.id}'),
      declare: (cell) => controller(cell, MessagePattern(cell.id)),
      begin: ({ world }, cell) => replying(send(world.client, cell)),
    },
    {
      name: 'the handler of an event',
      ids: [],
      form: RPC_LOG,
      pipeline: 'handler',
      argument: raw('{data.id}'),
      returnsNothing: true,
      declare: (cell) => controller(cell, EventPattern(cell.id) as MethodDecorator),
      begin: (scene, cell) =>
        silent(scene, cell, scene.log.errors, () => scene.world.client.emit(cell.id, { id: cell.sent })),
    },
  ],
  open,
};

describeMatrix({ group, cells: 2 * 3 * 10 });
