// The app of the workspace: serves the library's handlers and asks them as clients do. Prints `ok NAME` or `not ok NAME` for each check, then `end`.
import 'reflect-metadata';
import * as assert from 'node:assert';
import { once } from 'node:events';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import { OrdersModule } from 'orders';
import { lastValueFrom } from 'rxjs';
import { WebSocket } from 'ws';

const [url] = process.argv.slice(2);

// Without the filter the answers are those of the decorator alone, which has to find the exceptions of Nest's transports.
const locks = url
  ? RedisLockModule.forRoot({ connection: url, exceptionFilter: false })
  : RedisLockTestingModule.forRoot({ exceptionFilter: false });

@Module({ imports: [locks, OrdersModule] })
class ShopModule {}

type Ask = (id: string) => Promise<unknown>;

async function start(): Promise<INestApplication> {
  const app = await NestFactory.create(ShopModule, { logger: ['error'] });
  app.useWebSocketAdapter(new WsAdapter(app));
  app.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } });
  await app.startAllMicroservices();
  return app.listen(0, '127.0.0.1').then(() => app);
}

function rpcClient(app: INestApplication): { ask: Ask; close: () => unknown } {
  const { port } = app.getMicroservices()[0]!.unwrap<{ address(): { port: number } }>().address();
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
  return {
    ask: (id) => lastValueFrom(client.send('pay', { id })).catch((error: unknown) => error),
    close: () => client.close(),
  };
}

async function socketClient(app: INestApplication): Promise<{ ask: Ask; close: () => unknown }> {
  const { port } = app.getHttpServer().address() as { port: number };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  await once(socket, 'open');
  const ask: Ask = async (id) => {
    const reply = once(socket, 'message');
    socket.send(JSON.stringify({ event: 'pay', data: { id } }));
    return (JSON.parse(String((await reply)[0])) as { data: unknown }).data;
  };
  return { ask, close: () => once(socket.close() ?? socket, 'close') };
}

async function check(name: string, service: RedisLockService, ask: Ask): Promise<void> {
  try {
    assert.strictEqual(await ask('1'), 'paid');
    const refused = await service.withLock('order:1', () => ask('1'));
    assert.strictEqual((refused as { code?: string }).code, 'LOCK_NOT_ACQUIRED', JSON.stringify(refused));
    assert.strictEqual(await ask('1'), 'paid');
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}: ${error instanceof Error ? error.message.replace(/\s+/gu, ' ') : String(error)}`);
  }
}

const app = await start();
const service = app.get(RedisLockService);
for (const [name, client] of [
  ['RPC', rpcClient(app)],
  ['WebSocket', await socketClient(app)],
] as const) {
  await check(`a busy key answers a client of ${name} with our code`, service, client.ask);
  await client.close();
}
await app.close();
console.log('end');
