import { UseGuards, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RedisLockService } from 'nestjs-redis-lock';
import {
  SOCKET_PLATFORMS,
  type SocketClient,
  type SocketEvent,
  type SocketPlatform,
} from '../support/transport-sockets.js';
import { replying, silent, Told, type Call } from './support/calls.js';
import type { Cell } from './support/cell.js';
import { describeMatrix } from './support/describe-matrix.js';
import { WS } from './support/forms.js';
import { raw, type Group, type Host, type Scene, type World } from './support/kind.js';
import { rootModule } from './support/root-module.js';

interface SocketWorld extends World {
  connect(): Promise<SocketClient>;
}

function gateway(cell: Cell): Type {
  @WebSocketGateway()
  class OrderGateway {
    constructor(private readonly locks: RedisLockService) {}

    async run(@MessageBody('id', cell.pipe) id: string): Promise<SocketEvent> {
      return { event: 'done', data: await cell.body(this.locks, id) };
    }
  }
  return cell.decorate(OrderGateway, [SubscribeMessage(cell.id), UseGuards(cell.guard)]);
}

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(): SocketEvent {
    return { event: 'echo', data: '' };
  }
}

/** A client of its own for each call: what it receives is of that call. */
function message(scene: Scene<SocketWorld>, cell: Cell): Call {
  const connected = scene.world.connect();
  const first = connected.then(async (client) => {
    const [event] = await client.received(1);
    return event as SocketEvent;
  });
  const answer = first.then((event) => {
    if (event.event !== 'done') throw new Told(event);
    return event.data as unknown;
  });
  const call = silent(scene, cell, [], async () => (await connected).send(cell.id, { id: cell.sent }));
  const skipped = async (): Promise<unknown> => {
    await call.skipped();
    // An answer would have come before that of the echo.
    (await connected).send('echo', '');
    const event = await first;
    return event.event === 'echo' ? undefined : event;
  };
  return { ...replying(answer), skipped };
}

const group = ({ platform, adapter, connect }: SocketPlatform): Group<SocketWorld> => ({
  name: `a gateway on ${platform}`,
  kinds: [
    {
      name: 'the handler of a message',
      ids: [],
      form: WS,
      pipeline: 'handler',
      argument: raw('{data.id}'),
      declare: gateway,
      begin: message,
    },
  ],
  open: async (host: Host) => {
    const app = await NestFactory.create(rootModule(host, 'providers', { providers: [EchoGateway] }), {
      logger: host.log,
      abortOnError: false,
    });
    app.useWebSocketAdapter(adapter(app));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const clients: SocketClient[] = [];
    const join = async (): Promise<SocketClient> => {
      const client = await connect(url);
      clients.push(client);
      return client;
    };
    const close = async (): Promise<void> => {
      for (const client of clients) client.close();
      await app.close();
    };
    return { app, connect: join, close };
  },
});

for (const platform of SOCKET_PLATFORMS) describeMatrix({ group: group(platform), cells: 1 * 3 * 10 });
