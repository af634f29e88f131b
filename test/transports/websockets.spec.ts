import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import { CurrentLock, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { Subject, type Observable } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { withoutLeak } from '../support/leaks.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';
import { SOCKET_PLATFORMS, type SocketClient, type SocketEvent } from '../support/transport-sockets.js';

const stage = { work: new Checkpoint(), source: new Subject<SocketEvent>(), gone: 0 };
const ownError = { status: 'error', own: 'as it was' };
const done = (data: unknown): SocketEvent => ({ event: 'done', data });

@WebSocketGateway()
class OrderGateway implements OnGatewayDisconnect {
  handleDisconnect(): void {
    stage.gone += 1;
  }

  @SubscribeMessage('work')
  @WithLock('order:{data.id}', { wait: 5_000 })
  async work(@MessageBody() { id }: { id: string }, @CurrentLock() lock: Lock): Promise<SocketEvent> {
    await stage.work.pass();
    return done({ id, key: lock.key });
  }

  @WithLock('order:{data.id}')
  @SubscribeMessage('observable')
  observable(): Observable<SocketEvent> {
    return stage.source;
  }

  @SubscribeMessage('busy')
  @WithLock('order:{data.id}', { wait: 0 })
  async busy(): Promise<SocketEvent> {
    return done('ran');
  }

  @SubscribeMessage('instead')
  @WithLock('order:{data.id}', { wait: 0, onBusy: ({ data }) => done(`instead ${data.id}`) })
  async instead(): Promise<SocketEvent> {
    return done('ran');
  }

  @SubscribeMessage('broken')
  @WithLock('order:{data.id}', { wait: 0, name: 'broken' })
  async broken(): Promise<SocketEvent> {
    return done('ran');
  }

  @SubscribeMessage('throws')
  @WithLock('order:{data.id}')
  async throws(): Promise<never> {
    throw new WsException(ownError);
  }
}

describe.each(SOCKET_PLATFORMS)('@WithLock() on a gateway on $platform', ({ adapter, connect }) => {
  let redis: LockRedis;
  let app: INestApplication;
  let locks: RedisLockService;
  let clients: SocketClient[];

  beforeAll(async () => {
    redis = await startLockRedis();
    const root = { module: class RootModule {}, imports: redis.modules, providers: [OrderGateway] };
    app = await NestFactory.create(root, { logger: new RecordingLogger(), abortOnError: false });
    app.useWebSocketAdapter(adapter(app));
    await app.listen(0, '127.0.0.1');
    locks = app.get(RedisLockService);
  });

  beforeEach(async () => {
    const url = await app.getUrl();
    clients = await Promise.all([connect(url), connect(url)]);
  });

  afterEach(async () => {
    stage.work.open();
    await redis.untilNothingIsLeft();
    for (const client of clients) client.close();
    await eventually(() => stage.gone === clients.length);
    Object.assign(stage, { work: new Checkpoint(), source: new Subject(), gone: 0 });
  });

  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  const untilWaiting = (count: number): Promise<unknown> =>
    eventually(async () => (await locks.inspect('order:1'))?.waiting === count);

  it('N3a D2c: runs one at a time per key of the message, of all clients', async () => {
    const [first, second] = clients as [SocketClient, SocketClient];
    for (const [client, id] of [
      [first, '1'],
      [second, '1'],
      [second, '2'],
    ] as const)
      client.send('work', { id });
    await untilWaiting(1);
    await stage.work.arrived(2);
    expect(stage.work.arrivals).toBe(2);
    stage.work.open();
    expect(await first.received(1)).toEqual([done({ id: '1', key: 'order:1' })]);
    expect((await second.received(2)).map(({ data }) => data.key).sort()).toEqual(['order:1', 'order:2']);
    expect(stage.work.mostInside).toBe(2);
  });

  it('N5: is locked until the Observable that it returned has ended', async () => {
    const [client] = clients as [SocketClient];
    client.send('observable', { id: '1' });
    await eventually(() => stage.source.observed);
    stage.source.next(done('first'));
    expect(await client.received(1)).toEqual([done('first')]);
    expect(await redis.left()).toEqual(['lock:order:1']);
    stage.source.complete();
  });

  it('N3d: takes the lock once for a call', async () => {
    const [client] = clients as [SocketClient];
    stage.work.open();
    let received = 0;
    for (const event of ['work', 'throws']) {
      received += 1;
      const call = async (): Promise<unknown> => {
        client.send(event, { id: '1' });
        return client.received(received);
      };
      expect([event, await redis.scriptsOf(call)]).toEqual([event, 2]);
    }
  });

  it.each([
    { event: 'busy', code: 'LOCK_NOT_ACQUIRED', data: { id: 'secret' } },
    { event: 'broken', code: 'LOCK_BACKEND', data: { id: 'secret' } },
    { event: 'busy', code: 'LOCK_KEY', data: { secret: true } },
  ])('N8 D3: tells the client $code as an exception, and not the key', async ({ event, code, data }) => {
    const [client] = clients as [SocketClient];
    const giveBack = await redis.takeAsStranger('order:secret');
    client.send(event, data);
    const [answer] = withoutLeak(await client.received(1), 'order');
    await giveBack();
    expect(answer).toEqual({ event: 'exception', data: { status: 'error', code, message: expect.any(String) } });
  });

  it('D4: does what its decorator says of a busy lock', async () => {
    const [client] = clients as [SocketClient];
    const giveBack = await redis.takeAsStranger('order:1');
    client.send('instead', { id: '1' });
    expect(await client.received(1)).toEqual([done('instead 1')]);
    await giveBack();
  });

  it('N7: leaves the WsException of the handler as it is', async () => {
    const [client] = clients as [SocketClient];
    client.send('throws', { id: '1' });
    expect(await client.received(1)).toEqual([{ event: 'exception', data: ownError }]);
  });

  it('N5b: leaves the queue when the client goes away, and acquires nothing', async () => {
    const [gone, patient] = clients as [SocketClient, SocketClient];
    const giveBack = await redis.takeAsStranger('order:1');
    gone.send('work', { id: '1' });
    await untilWaiting(1);
    patient.send('work', { id: '1' });
    await untilWaiting(2);
    gone.close();
    await untilWaiting(1);
    stage.work.open();
    await giveBack();
    expect(await patient.received(1)).toEqual([done({ id: '1', key: 'order:1' })]);
    await redis.untilNothingIsLeft();
    expect(stage.work.arrivals).toBe(1);
  });

  it('N5d: holds the lock until the handler has finished when the client goes away', async () => {
    const [gone, next] = clients as [SocketClient, SocketClient];
    gone.send('work', { id: '1' });
    await stage.work.arrived();
    next.send('work', { id: '1' });
    await untilWaiting(1);
    gone.close();
    await eventually(() => stage.gone === 1);
    expect([stage.work.arrivals, (await locks.inspect('order:1'))?.waiting]).toEqual([1, 1]);
    stage.work.open();
    expect(await next.received(1)).toEqual([done({ id: '1', key: 'order:1' })]);
    expect(stage.work.mostInside).toBe(1);
  });
});
