import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { lastValueFrom } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../../sample/redis/free-port.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';
import { watch } from '../support/watch.js';

const stage = { work: new Checkpoint(), warnings: [] as string[] };

@Controller()
class OrderController {
  @MessagePattern('message')
  @WithLock('order:{data.id}')
  async message(): Promise<string> {
    await stage.work.pass();
    return 'done';
  }

  @EventPattern('event')
  @WithLock('order:{data.id}')
  async event(_data: object): Promise<void> {
    await stage.work.pass();
  }
}

describe('@WithLock() on a microservice by TCP whose client goes away', () => {
  const clients: ClientProxy[] = [];
  let redis: LockRedis;
  let app: INestMicroservice;
  let connect: () => Promise<ClientProxy>;

  beforeAll(async () => {
    redis = await startLockRedis();
    const transport = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
    const root = { module: class RootModule {}, imports: redis.modules, controllers: [OrderController] };
    app = await NestFactory.createMicroservice<MicroserviceOptions>(root, {
      ...transport,
      logger: new RecordingLogger(),
      abortOnError: false,
    });
    await app.listen();
    connect = async () => {
      const client = ClientProxyFactory.create(transport);
      clients.push(client);
      await client.connect();
      return client;
    };
    process.on('warning', onWarning);
  });

  const onWarning = ({ name }: Error): void => void stage.warnings.push(name);

  afterEach(async () => {
    stage.work.open();
    for (const client of clients.splice(0)) await client.close();
    await redis.untilNothingIsLeft();
    stage.work = new Checkpoint();
  });

  afterAll(async () => {
    process.off('warning', onWarning);
    await app.close();
    await redis.stop();
  });

  const send = (client: ClientProxy, id = '1'): Promise<string> =>
    lastValueFrom(client.send<string>('message', { id }));
  const untilWaiting = async (count: number, key = 'order:1'): Promise<void> =>
    void (await eventually(async () => ((await app.get(RedisLockService).inspect(key))?.waiting ?? 0) === count));

  it('N5b: leaves the queue, and those of other clients stay in it', async () => {
    const giveBack = await redis.takeAsStranger('order:1');
    const [gone, patient] = [await connect(), await connect()];
    watch(send(gone));
    watch(send(gone));
    await untilWaiting(2);
    const answer = send(patient);
    await untilWaiting(3);
    await gone.close();
    await untilWaiting(1);
    stage.work.open();
    await giveBack();
    expect(await answer).toBe('done');
    expect(stage.work.arrivals).toBe(1);
  });

  it('N5b: is no reason to forget an event', async () => {
    const giveBack = await redis.takeAsStranger('order:1');
    const gone = await connect();
    watch(send(gone, '1'));
    gone.emit('event', { id: '1' });
    await untilWaiting(2);
    await gone.close();
    await untilWaiting(1);
    stage.work.open();
    await giveBack();
    await stage.work.arrived();
    expect(stage.work.arrivals).toBe(1);
  });

  it('N5d: does not end the lock of a handler that runs', async () => {
    const [gone, patient] = [await connect(), await connect()];
    watch(send(gone));
    await stage.work.arrived();
    await gone.close();
    const answer = send(patient);
    await untilWaiting(1);
    expect(stage.work.arrivals).toBe(1);
    stage.work.open();
    expect(await answer).toBe('done');
    expect(stage.work.mostInside).toBe(1);
  });

  it('O6: listens once to a connection, however many messages of it wait', async () => {
    const giveBack = await redis.takeAsStranger('order:1');
    const client = await connect();
    const answers = Array.from({ length: 30 }, () => send(client));
    await untilWaiting(30);
    stage.work.open();
    await giveBack();
    expect(await Promise.all(answers)).toHaveLength(30);
    expect(stage.warnings).toEqual([]);
  });
});
