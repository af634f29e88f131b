import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
  type ClientOptions,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { lastValueFrom } from 'rxjs';
import { freePort } from '../../sample/redis/free-port.js';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';
import { SOCKET_PLATFORMS } from '../support/transport-sockets.js';
import { watch, type Watched } from '../support/watch.js';

const stage = { work: new Checkpoint() };

@Controller()
@WebSocketGateway()
class OrderHandlers {
  @MessagePattern('work')
  @SubscribeMessage('work')
  @WithLock('order:{data.id}', { wait: 20_000 })
  async work(): Promise<object> {
    await stage.work.pass();
    return { event: 'done', data: 'done' };
  }
}

const SHARED = new URL(process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1');
const MICROSERVICES: readonly { name: string; options: () => Promise<MicroserviceOptions & ClientOptions> }[] = [
  {
    name: 'TCP',
    options: async () => ({ transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } }),
  },
  {
    name: 'Redis',
    options: async () => ({
      transport: Transport.REDIS,
      options: { host: SHARED.hostname, port: Number(SHARED.port) },
    }),
  },
];

describe('a shutdown', () => {
  let redis: LockRedis;

  beforeEach(async () => {
    stage.work = new Checkpoint();
    redis = await startLockRedis();
  });

  afterEach(() => redis.stop());

  /** With one call in flight and one that waits: both are done with long before the wait is over. */
  async function closeWhileBusy(app: INestApplication): Promise<void> {
    const closed: Watched<void> = watch(app.close());
    await eventually(
      async () =>
        (await app
          .get(RedisLockService)
          .acquire('other')
          .catch((error: unknown) => error)) instanceof Error,
    );
    stage.work.letOne();
    await eventually(() => closed.state === 'fulfilled');
    expect([stage.work.arrivals, stage.work.inside]).toEqual([1, 0]);
    expect(await redis.left()).toEqual([]);
  }

  it.each(MICROSERVICES)(
    'O2: of a microservice by $name lets the call in flight finish, and tells those that wait',
    async ({ options }) => {
      const transport = await options();
      const app = await NestFactory.create(
        { module: class RootModule {}, imports: redis.modules, controllers: [OrderHandlers] },
        { logger: new RecordingLogger() },
      );
      app.connectMicroservice<MicroserviceOptions>(transport);
      await app.startAllMicroservices();
      const client: ClientProxy = ClientProxyFactory.create(transport);
      const send = (): Promise<unknown> => lastValueFrom(client.send('work', { id: '1' }));
      // Nest closes the connection of a handler that still runs.
      const inFlight = watch(send());
      await stage.work.arrived();
      const waiting = watch(send());
      await eventually(async () => (await app.get(RedisLockService).inspect('order:1'))?.waiting === 1);
      await closeWhileBusy(app);
      expect(waiting.error).toMatchObject({ code: 'LOCK_CLOSED' });
      await client.close();
      await eventually(() => inFlight.state !== 'pending');
    },
  );

  it.each(SOCKET_PLATFORMS)(
    'O2: of a gateway on $platform lets the call in flight finish, and tells those that wait',
    async ({ adapter, connect }) => {
      const app = await NestFactory.create(
        { module: class RootModule {}, imports: redis.modules, providers: [OrderHandlers] },
        { logger: new RecordingLogger() },
      );
      app.useWebSocketAdapter(adapter(app));
      await app.listen(0, '127.0.0.1');
      const client = await connect(await app.getUrl());
      client.send('work', { id: '1' });
      await stage.work.arrived();
      client.send('work', { id: '1' });
      await eventually(async () => (await app.get(RedisLockService).inspect('order:1'))?.waiting === 1);
      await closeWhileBusy(app);
      // Connections are closed when all is given back.
      const refused = { event: 'exception', data: expect.objectContaining({ code: 'LOCK_CLOSED' }) };
      expect(await client.received(2)).toEqual([refused, { event: 'done', data: 'done' }]);
      client.close();
    },
  );
});
