import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { ModuleMocker } from 'jest-mock';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getRedisLockToken,
  RedisLockModule,
  RedisLockOptionsError,
  RedisLockService,
  WithLock,
} from 'nestjs-redis-lock';
import { RedisLockTestingModule, useLocksInMemory } from 'nestjs-redis-lock/testing';
import { RecordingLogger } from '../support/recording-logger.js';
import { rejection } from '../support/watch.js';

const NOWHERE = 'redis://127.0.0.1:1';

@Controller()
class OrderController {
  runs = 0;

  @Get('order')
  @WithLock('order', { wait: 0 })
  async order(): Promise<string> {
    this.runs += 1;
    return Promise.resolve('done');
  }

  @WithLock('named', { name: 'stock', wait: 0 })
  async named(): Promise<string> {
    return Promise.resolve('done');
  }
}

@Module({
  imports: [
    RedisLockModule.forRoot({ connection: NOWHERE, defaults: { ttl: 5_000 } }),
    RedisLockModule.forRootAsync({ name: 'stock', useFactory: () => ({ connection: NOWHERE, keyPrefix: 'stock:' }) }),
  ],
  controllers: [OrderController],
})
class AppModule {}

describe('X1: a test of a whole app', () => {
  let module: TestingModule | undefined;

  afterEach(async () => {
    await module?.close();
    module = undefined;
  });

  it('runs without Redis, and its locks are controlled', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const [control, controlOfStock] = [useLocksInMemory(builder), useLocksInMemory(builder, { name: 'stock' })];
    module = await builder.compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const ask = async (): Promise<number> => (await fetch(`${await app.getUrl()}/order`)).status;
    expect(await ask()).toBe(200);
    control.busy('order');
    expect(await ask()).toBe(409);
    expect(await app.get(OrderController).named()).toBe('done');
    controlOfStock.fail();
    expect(await rejection(app.get(OrderController).named())).toMatchObject({ code: 'LOCK_BACKEND' });
    // The options of the app hold.
    const lock = await app.get(RedisLockService).acquire('a');
    expect(lock.expiresAt - Date.now()).toBeLessThan(5_001);
    expect(app.get(getRedisLockToken('stock'))).not.toBe(app.get(RedisLockService));
    await app.close();
  });

  it('is told what to do when both modules are imported', async () => {
    const error = await rejection(
      Test.createTestingModule({ imports: [AppModule, RedisLockTestingModule.forRoot()] }).compile(),
    );
    expect(error.message).toMatch(/call useLocksInMemory\(builder\)/);
  });
});

/** As Nest's documentation makes them for `useMocker()`. */
function autoMock(): object {
  const mocker = new ModuleMocker(globalThis);
  const metadata = mocker.getMetadata(RedisLockService);
  if (metadata === null) throw new Error('The class cannot be mocked.');
  const Mock = mocker.generateFromMetadata(metadata) as unknown as new () => object;
  return new Mock();
}

describe('X1: a mock in place of the service', () => {
  it.each([
    ['an auto-mock', { acquire: () => undefined }],
    ['one that gives nothing', { acquire: () => Promise.resolve() }],
    ['one whose lock has only release()', { acquire: () => Promise.resolve({ release: () => Promise.resolve() }) }],
    [
      'one whose lock has no signal',
      { acquire: () => Promise.resolve({ keys: ['order'], [Symbol.asyncDispose]: () => Promise.resolve() }) },
    ],
    ["one of jest's ModuleMocker", autoMock()],
    ['one whose acquire() is a jest.fn()', { acquire: jest.fn() }],
    [
      'one whose acquire() gives another mock',
      { acquire: jest.fn(() => Promise.resolve({ release: jest.fn(), extend: jest.fn(), signal: jest.fn() })) },
    ],
  ])('%s is told so, by the plain call and by HTTP, and the method does not run', async (_, mock) => {
    const module = await Test.createTestingModule({ controllers: [OrderController], providers: [] })
      .useMocker((token) => (token === RedisLockService || token === getRedisLockToken('stock') ? mock : undefined))
      .setLogger(new RecordingLogger())
      .compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const error = await rejection(module.get(OrderController).order());
    expect(error).toBeInstanceOf(RedisLockOptionsError);
    expect(error.message).toMatch(/OrderController\.order.*a mock of it does not do; use RedisLockTestingModule/);
    expect((await fetch(`${await app.getUrl()}/order`)).status).toBe(500);
    expect(module.get(OrderController).runs).toBe(0);
    await app.close();
  });

  it('whose lock gives nothing to wait for is good enough: the method runs, and is answered', async () => {
    const lock = {
      keys: ['order'],
      key: 'order',
      signal: new AbortController().signal,
      [Symbol.asyncDispose]: jest.fn(),
    };
    const module = await Test.createTestingModule({ controllers: [OrderController] })
      .useMocker(() => ({ acquire: () => Promise.resolve(lock) }))
      .compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    expect(await module.get(OrderController).order()).toBe('done');
    expect((await fetch(`${await app.getUrl()}/order`)).status).toBe(200);
    expect(lock[Symbol.asyncDispose]).toHaveBeenCalledTimes(2);
    await app.close();
  });
});
