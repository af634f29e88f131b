import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, GrpcStreamCall, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { CurrentLock, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { of, type Observable } from 'rxjs';
import { freePort } from '../../sample/redis/free-port.js';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { grpcClient, PROTO, type GrpcClient } from '../support/grpc-client.js';
import { withoutLeak } from '../support/leaks.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';
import { rejection } from '../support/watch.js';

interface Receipt {
  readonly key: string;
}

const stage = { work: new Checkpoint() };

@Controller()
class OrderController {
  constructor(private readonly locks: RedisLockService) {}

  @GrpcMethod('Orders', 'Pay')
  @WithLock('order:{data.id}', { wait: 5_000 })
  async pay(_order: object, _metadata: object, _call: object, @CurrentLock() lock?: Lock): Promise<Receipt> {
    await stage.work.pass();
    return { key: String(lock?.key ?? this.locks.current()?.key) };
  }

  @WithLock('order:{data.id}', { wait: 0 })
  @GrpcMethod('Orders', 'Busy')
  async busy(): Promise<Receipt> {
    return Promise.resolve({ key: 'ran' });
  }

  @GrpcMethod('Orders', 'Broken')
  @WithLock('order:{data.id}', { wait: 0, name: 'broken' })
  async broken(): Promise<Receipt> {
    return Promise.resolve({ key: 'ran' });
  }

  @GrpcMethod('Orders', 'Missing')
  @WithLock('order:{data.nobody}')
  async missing(): Promise<Receipt> {
    return Promise.resolve({ key: 'ran' });
  }

  @GrpcMethod('Orders', 'BusyStream')
  @WithLock('order:{data.id}', { wait: 0 })
  busyStream(): Observable<Receipt> {
    return of({ key: 'first' }, { key: 'second' });
  }

  @GrpcMethod('Orders', 'Service')
  async service({ id }: { id: string }): Promise<Receipt> {
    return this.locks.withLock(`order:${id}`, { wait: 0 }, ({ key }) => ({ key }));
  }

  @GrpcStreamCall('Orders', 'BusyCall')
  @WithLock('order:secret', { wait: 0 })
  async busyCall(call: { end(): void }): Promise<void> {
    call.end();
    return Promise.resolve();
  }
}

describe('@WithLock() on a microservice by gRPC', () => {
  let redis: LockRedis;
  let app: INestMicroservice;
  let client: GrpcClient;
  let log: RecordingLogger;

  beforeAll(async () => {
    redis = await startLockRedis();
    const url = `127.0.0.1:${await freePort()}`;
    const root = { module: class RootModule {}, imports: redis.modules, controllers: [OrderController] };
    log = new RecordingLogger();
    app = await NestFactory.createMicroservice<MicroserviceOptions>(root, {
      transport: Transport.GRPC,
      options: { ...PROTO, url },
      logger: log,
      abortOnError: false,
    });
    await app.listen();
    client = grpcClient(url);
  });

  afterEach(async () => {
    stage.work.open();
    await redis.untilNothingIsLeft();
    stage.work = new Checkpoint();
  });

  afterAll(async () => {
    client.close();
    await app.close();
    await redis.stop();
  });

  const waiting = async (): Promise<number | undefined> =>
    (await app.get(RedisLockService).inspect('order:1'))?.waiting;

  it('N3a D2c: runs the handler of a message one at a time per key of its payload', async () => {
    const answers = ['1', '1', '2'].map((id) => client.call('Pay', id).answer);
    await eventually(async () => (await waiting()) === 1);
    await stage.work.arrived(2);
    expect(stage.work.arrivals).toBe(2);
    stage.work.open();
    expect(await Promise.all(answers)).toEqual([{ key: 'order:1' }, { key: 'order:1' }, { key: 'order:2' }]);
  });

  it.each([
    { method: 'Busy', status: 10, code: 'LOCK_NOT_ACQUIRED' },
    { method: 'Service', status: 10, code: 'LOCK_NOT_ACQUIRED' },
    { method: 'Broken', status: 14, code: 'LOCK_BACKEND' },
    { method: 'Missing', status: 3, code: 'LOCK_KEY' },
  ])('N8 D3: tells the client $status and $code, and not the key ($method)', async ({ method, status, code }) => {
    const giveBack = await redis.takeAsStranger('order:secret');
    const told = withoutLeak(await rejection(client.call(method, 'secret').answer), 'order:');
    await giveBack();
    expect(told).toMatchObject({ status, message: expect.any(String), metadata: { 'lock-code': code } });
    expect(log.at('error')).toEqual([]);
  });

  it.each(['BusyStream', 'BusyCall'])('N8 D3: tells it so in place of a stream (%s)', async (method) => {
    const giveBack = await redis.takeAsStranger('order:secret');
    const told = withoutLeak(await rejection(client.stream(method, 'secret').answer), 'order:');
    await giveBack();
    expect(told).toMatchObject({ status: 10, metadata: { 'lock-code': 'LOCK_NOT_ACQUIRED' } });
  });

  it('N5b: leaves the queue when the client cancels its call, and acquires nothing', async () => {
    const giveBack = await redis.takeAsStranger('order:1');
    const gone = client.call('Pay', '1');
    const patient = client.call('Pay', '1');
    await eventually(async () => (await waiting()) === 2);
    gone.cancel();
    expect(await rejection(gone.answer)).toMatchObject({ status: 1 });
    await eventually(async () => (await waiting()) === 1);
    stage.work.open();
    await giveBack();
    expect(await patient.answer).toEqual({ key: 'order:1' });
    expect(stage.work.arrivals).toBe(1);
  });
});
