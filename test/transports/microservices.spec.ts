import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Scope, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
  type ClientOptions,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { CurrentLock, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { lastValueFrom, Subject, toArray, type Observable } from 'rxjs';
import { freePort } from '../../sample/redis/free-port.js';
import { startNats, startRabbitMq, type Broker } from '../support/brokers.js';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { withoutLeak } from '../support/leaks.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';
import { rejection, watch } from '../support/watch.js';

interface Message {
  readonly id: string;
}

const stage = { work: new Checkpoint(), source: new Subject<string>() };
const ownError = { status: 'error', own: 'as it was' };

@Controller()
class OrderController {
  @MessagePattern('promise')
  @WithLock('order:{data.id}', { wait: 5_000 })
  async promise(@Payload() { id }: Message, @CurrentLock() lock: Lock): Promise<object> {
    await stage.work.pass();
    return { id, key: lock.key };
  }

  @WithLock('order:{data.id}')
  @MessagePattern('observable')
  observable(): Observable<string> {
    return stage.source;
  }

  @EventPattern('event')
  @WithLock('order:{data.id}', { wait: 5_000 })
  async event(@Payload() _order: Message): Promise<void> {
    await stage.work.pass();
  }

  @WithLock('order:{data.id}')
  @EventPattern('observable-event')
  observableEvent(@Payload() _order: Message): Observable<string> {
    return stage.source;
  }

  @EventPattern('busy-event')
  @WithLock('order:{data.id}', { wait: 0, onBusy: 'skip' })
  async busyEvent(@Payload() _order: Message): Promise<void> {
    await stage.work.pass();
  }

  @EventPattern('refused-event')
  @WithLock('order:{data.id}', { wait: 0 })
  async refusedEvent(@Payload() _order: Message): Promise<void> {
    await stage.work.pass();
  }

  @MessagePattern('busy')
  @WithLock('order:{data.id}', { wait: 0 })
  async busy(): Promise<string> {
    return 'ran';
  }

  @MessagePattern('skip')
  @WithLock('order:{data.id}', { wait: 0, onBusy: () => 'instead' })
  async skip(): Promise<string> {
    return 'ran';
  }

  @MessagePattern('broken')
  @WithLock('order:{data.id}', { wait: 0, name: 'broken' })
  async broken(): Promise<string> {
    return 'ran';
  }

  @MessagePattern('throws')
  @WithLock('order:{data.id}')
  async throws(): Promise<never> {
    throw new RpcException(ownError);
  }
}

@Controller({ scope: Scope.REQUEST })
class ScopedController {
  @MessagePattern('scoped')
  @WithLock('order:{data.id}', { wait: 0 })
  async scoped(@CurrentLock() lock: Lock): Promise<string> {
    return Promise.resolve(lock.key);
  }
}

const SHARED = new URL(process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1');
type TransportOptions = MicroserviceOptions & ClientOptions;
const TRANSPORTS: readonly {
  name: string;
  start?: () => Promise<Broker>;
  options: (url: string) => Promise<TransportOptions> | TransportOptions;
}[] = [
  {
    name: 'TCP',
    options: async () => ({ transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } }),
  },
  {
    name: 'Redis',
    options: () => ({ transport: Transport.REDIS, options: { host: SHARED.hostname, port: Number(SHARED.port) } }),
  },
  { name: 'NATS', start: startNats, options: (url) => ({ transport: Transport.NATS, options: { servers: [url] } }) },
  {
    name: 'RabbitMQ',
    start: startRabbitMq,
    options: (url) => ({ transport: Transport.RMQ, options: { urls: [url], queue: 'orders' } }),
  },
];

describe.each(TRANSPORTS)('@WithLock() on a microservice by $name', ({ start, options }) => {
  let broker: Broker | undefined;
  let redis: LockRedis;
  let app: INestMicroservice;
  let client: ClientProxy;
  let locks: RedisLockService;
  let log: RecordingLogger;

  beforeAll(async () => {
    redis = await startLockRedis();
    broker = await start?.();
    const transport = await options(broker?.url ?? '');
    const root = {
      module: class RootModule {},
      imports: redis.modules,
      controllers: [OrderController, ScopedController],
    };
    log = new RecordingLogger();
    app = await NestFactory.createMicroservice<MicroserviceOptions>(root, {
      ...transport,
      logger: log,
      abortOnError: false,
    });
    await app.listen();
    client = ClientProxyFactory.create(transport);
    await client.connect();
    locks = app.get(RedisLockService);
  });

  afterEach(async () => {
    stage.work.open();
    await eventually(async () => (await redis.left()).length === 0);
    Object.assign(stage, { work: new Checkpoint(), source: new Subject() });
  });

  afterAll(async () => {
    await client.close();
    await app.close();
    await redis.stop();
    await broker?.stop();
  });

  const send = (pattern: string, data: object = { id: '1' }): Promise<any> =>
    lastValueFrom(client.send<unknown>(pattern, data));
  const waiting = async (): Promise<number | undefined> => (await locks.inspect('order:1'))?.waiting;

  it('N3a D2c: runs the handler of a message one at a time per key of its payload', async () => {
    const answers = [send('promise'), send('promise'), send('promise', { id: '2' })];
    await eventually(async () => (await waiting()) === 1);
    await stage.work.arrived(2);
    expect(stage.work.arrivals).toBe(2);
    stage.work.open();
    expect((await Promise.all(answers)).map(({ key }) => key)).toEqual(['order:1', 'order:1', 'order:2']);
    expect(stage.work.mostInside).toBe(2);
  });

  it('N3a D2c: runs the handler of an event one at a time per key of its payload', async () => {
    for (const id of ['1', '1', '2']) client.emit('event', { id });
    await eventually(async () => (await waiting()) === 1);
    await stage.work.arrived(2);
    expect(stage.work.arrivals).toBe(2);
    stage.work.letOne();
    stage.work.letOne();
    await stage.work.arrived(3);
    expect(stage.work.mostInside).toBe(2);
  });

  it('N5: is locked until the Observable of a message has ended', async () => {
    const answer = watch(lastValueFrom(client.send<string>('observable', { id: '1' }).pipe(toArray())));
    await eventually(() => stage.source.observed);
    stage.source.next('first');
    expect(await redis.left()).toEqual(['lock:order:1']);
    stage.source.next('last');
    stage.source.complete();
    await eventually(() => answer.state === 'fulfilled');
    expect(answer.value).toEqual(['first', 'last']);
  });

  it('N5: is locked until the Observable of an event has ended', async () => {
    client.emit('observable-event', { id: '1' });
    await eventually(() => stage.source.observed);
    stage.source.next('first');
    expect(await redis.left()).toEqual(['lock:order:1']);
    stage.source.complete();
  });

  it('N3d: takes the lock once for a call', async () => {
    stage.work.open();
    expect(await redis.scriptsOf(() => send('promise'))).toBe(2);
    expect(await redis.scriptsOf(() => rejection(send('throws')))).toBe(2);
    expect(
      await redis.scriptsOf(async () => {
        const before = stage.work.arrivals;
        client.emit('event', { id: '1' });
        await stage.work.arrived(before + 1);
      }),
    ).toBe(2);
  });

  it.each([
    { pattern: 'busy', code: 'LOCK_NOT_ACQUIRED', data: { id: 'secret' } },
    { pattern: 'broken', code: 'LOCK_BACKEND', data: { id: 'secret' } },
    { pattern: 'busy', code: 'LOCK_KEY', data: { secret: true } },
  ])('N8 D3: tells the client $code, and not the key', async ({ pattern, code, data }) => {
    const giveBack = await redis.takeAsStranger('order:secret');
    const error = withoutLeak(await rejection(send(pattern, data)), 'order');
    await giveBack();
    expect(error).toEqual({ status: 'error', code, message: expect.any(String) });
  });

  it('N10: locks a request-scoped handler as any other', async () => {
    expect(await redis.scriptsOf(async () => expect(await send('scoped')).toBe('order:1'))).toBe(2);
    const giveBack = await redis.takeAsStranger('order:1');
    expect(await rejection(send('scoped'))).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
    await giveBack();
  });

  it('D4: does what its decorator says of a busy lock', async () => {
    const giveBack = await redis.takeAsStranger('order:1');
    expect(await send('skip')).toBe('instead');
    client.emit('busy-event', { id: '1' });
    // Answered after it, over the same connection.
    expect(await send('skip')).toBe('instead');
    expect(stage.work.arrivals).toBe(0);
    await giveBack();
    client.emit('busy-event', { id: '1' });
    await stage.work.arrived();
    expect(log.at('error')).toEqual([]);
  });

  it('D4: tells the log that the lock of an event is busy, for nobody else is there to hear it', async () => {
    const giveBack = await redis.takeAsStranger('order:1');
    client.emit('refused-event', { id: '1' });
    await eventually(() => log.at('error').length > 0);
    expect(log.at('error')).toEqual([expect.stringMatching(/in use by another request/)]);
    await giveBack();
    expect(stage.work.arrivals).toBe(0);
  });

  it('N7: leaves the RpcException of the handler as it is', async () => {
    expect(await rejection(send('throws'))).toEqual(ownError);
  });
});
