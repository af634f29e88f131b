import { afterEach, describe, expect, it } from '@jest/globals';
import { Catch, Controller, type ExceptionFilter, type INestApplication, type Type } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, RpcException, Transport, type ClientProxy } from '@nestjs/microservices';
import { LockNotAcquiredError, RedisLockModule, RedisLockService } from 'nestjs-redis-lock';
import { lastValueFrom, throwError, type Observable } from 'rxjs';
import { freePort } from '../../sample/redis/free-port.js';
import { withoutLeak } from '../support/leaks.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

@Controller()
class OrderController {
  constructor(private readonly locks: RedisLockService) {}

  @MessagePattern('service')
  async service(): Promise<string> {
    return this.locks.withLock('order', { wait: 0 }, () => 'ran');
  }
}

class OwnFilter implements ExceptionFilter {
  catch(): Observable<never> {
    return throwError(() => ({ by: this.constructor.name }));
  }
}

@Catch(LockNotAcquiredError)
class BusyFilter extends OwnFilter {}

@Catch(RpcException)
class RpcFilter extends OwnFilter {}

describe('the filter of the module in a microservice that is connected to an app', () => {
  let app: INestApplication;
  let client: ClientProxy;

  afterEach(async () => {
    await client.close();
    await app.close();
  });

  async function tell(inheritAppConfig: boolean, filters: readonly Type[] = []): Promise<unknown> {
    const imports = [
      RedisLockModule.forRoot({ connection: process.env.TEST_REDIS_URL ?? '', keyPrefix: `${uniqueKey('app')}:` }),
    ];
    const providers = filters.map((useClass) => ({ provide: APP_FILTER, useClass }));
    const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
    app = await NestFactory.create(
      { module: class RootModule {}, imports, providers, controllers: [OrderController] },
      { logger: new RecordingLogger(), abortOnError: false },
    );
    app.connectMicroservice(tcp, { inheritAppConfig });
    await app.startAllMicroservices();
    client = ClientProxyFactory.create(tcp);
    const lock = await app.get(RedisLockService).acquire('order');
    const told: unknown = withoutLeak(await rejection(lastValueFrom(client.send('service', {}))), 'order');
    await lock.release();
    return told;
  }

  it('N8: answers when the microservice inherits the filters of the app', async () => {
    expect(await tell(true)).toEqual({ status: 'error', code: 'LOCK_NOT_ACQUIRED', message: expect.any(String) });
  });

  it('N8 D3: is not there otherwise, and then Nest tells nothing of it', async () => {
    expect(await tell(false)).toEqual({ status: 'error', message: 'Internal server error' });
  });

  it.each([BusyFilter, RpcFilter])('N8: comes after one of the app (case %#)', async (filter) => {
    expect(await tell(true, [filter])).toEqual({ by: filter.name });
  });
});
