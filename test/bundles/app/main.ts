import 'reflect-metadata';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RedisLockModule, RedisLockService, WithLock } from 'nestjs-redis-lock';
import { catchError, lastValueFrom, of } from 'rxjs';
import { WebSocket } from 'ws';
// A library of modules of the other kind, which asks for the package by require().
import library from './library.cjs';

const { PORT = '', REDIS_URL = '', EXCEPTION_FILTER } = process.env;

@Controller()
@WebSocketGateway()
class Orders {
  constructor(@Inject(RedisLockService) private readonly locks: RedisLockService) {}

  @MessagePattern('decorator')
  @SubscribeMessage('decorator')
  @WithLock('order', { wait: 0 })
  async byDecorator(): Promise<string> {
    return Promise.resolve('ran');
  }

  @MessagePattern('service')
  @SubscribeMessage('service')
  async byService(): Promise<string> {
    return this.locks.withLock('order', { wait: 0 }, () => 'ran');
  }
}

@Module({
  imports: [
    RedisLockModule.forRoot({
      connection: REDIS_URL,
      keyPrefix: `bundle-${PORT}:`,
      exceptionFilter: EXCEPTION_FILTER !== 'false',
    }),
  ],
  controllers: [Orders],
  providers: [Orders],
})
class AppModule {}

async function askSocket(url: string, event: string): Promise<unknown> {
  const socket = new WebSocket(url);
  const answer = new Promise<Buffer>((resolve, reject) => socket.on('message', resolve).on('error', reject));
  socket.on('open', () => socket.send(JSON.stringify({ event, data: {} })));
  const text = String(await answer);
  socket.terminate();
  return JSON.parse(text).data;
}

async function run(): Promise<void> {
  const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: Number(PORT) } } as const;
  const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
  app.connectMicroservice(tcp, { inheritAppConfig: true });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const client = ClientProxyFactory.create(tcp);
  const lock = await app.get(RedisLockService).acquire('order');
  const told: Record<string, unknown> = {};
  for (const by of ['decorator', 'service']) {
    told[`message, ${by}`] = await lastValueFrom(
      client.send<unknown>(by, {}).pipe(catchError((error: unknown) => of(error))),
    );
    told[`socket, ${by}`] = await askSocket((await app.getUrl()).replace('http', 'ws'), by);
  }
  await lock.release();
  await client.close();
  await app.close();
  console.log(JSON.stringify({ told, isOneCopy: library.RedisLockService === RedisLockService }));
}

void run();
