import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getRedisLockToken,
  InjectRedisLock,
  RedisLockModule,
  RedisLockOptionsError,
  RedisLockService,
  WithLock,
  type RedisLockModuleAsyncOptions,
  type RedisLockModuleOptions,
  type RedisLockOptionsFactory,
} from 'nestjs-redis-lock';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import { sendCommand } from '../support/send-command.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

const connection = process.env.TEST_REDIS_URL ?? '';
let modules: TestingModule[] = [];

afterEach(async () => {
  await Promise.all(modules.map((module) => module.close()));
  modules = [];
});

async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  const module = await Test.createTestingModule(metadata).compile();
  modules.push(module);
  return module.init();
}

@Injectable()
class Settings implements RedisLockOptionsFactory {
  static made = 0;
  static keyPrefix = '';

  constructor() {
    Settings.made += 1;
  }

  createRedisLockOptions(): RedisLockModuleOptions {
    return { connection, keyPrefix: Settings.keyPrefix };
  }
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class JobService {
  constructor(@InjectRedisLock() readonly locks: RedisLockService) {}

  @WithLock('nightly')
  async nightly(): Promise<string | undefined> {
    return this.locks.current()?.key;
  }
}

@Module({ providers: [JobService], exports: [JobService] })
class JobModule {}

const ASYNC_FORMS: Record<string, RedisLockModuleAsyncOptions> = {
  useFactory: {
    imports: [SettingsModule],
    inject: [Settings],
    useFactory: (settings: Settings) => settings.createRedisLockOptions(),
  },
  'an async useFactory': { useFactory: async () => Promise.resolve({ connection, keyPrefix: Settings.keyPrefix }) },
  useClass: { useClass: Settings },
  useExisting: { imports: [SettingsModule], useExisting: Settings },
};

describe('RedisLockModule', () => {
  it.each(Object.entries(ASYNC_FORMS))('N9: takes its options from %s', async (_, form) => {
    Settings.keyPrefix = uniqueKey('async');
    const module = await start({ imports: [RedisLockModule.forRootAsync(form), JobModule] });
    const lock = await module.get(RedisLockService).acquire('it');
    expect(await sendCommand(connection, 'EXISTS', `${Settings.keyPrefix}it`)).toBe(1);
    await lock.release();
    expect(await module.get(JobService).nightly()).toBe('nightly');
  });

  it('N9: useExisting takes the instance that is there', async () => {
    Settings.made = 0;
    await start({
      imports: [SettingsModule, RedisLockModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings })],
    });
    expect(Settings.made).toBe(1);
  });

  it.each([
    [{}, 'missing'],
    [{ useClass: Settings, useExisting: Settings }, 'given beside useExisting'],
    [{ useFactory: () => ({}), useClass: Settings }, 'given beside useClass'],
  ])('N9: forRootAsync(%p) is refused', (options, what) => {
    expect(() => RedisLockModule.forRootAsync(options)).toThrow(RedisLockOptionsError);
    expect(() => RedisLockModule.forRootAsync(options)).toThrow(what);
  });

  it('N9: needs no option at all', async () => {
    const module = await Test.createTestingModule({ imports: [RedisLockModule.forRoot()] }).compile();
    expect(module.get(RedisLockService)).toBeInstanceOf(RedisLockService);
    await module.close();
  });

  it('N9: is global unless isGlobal says otherwise', async () => {
    const options = { connection, keyPrefix: uniqueKey('app') };
    await start({ imports: [RedisLockModule.forRoot(options), JobModule] });
    const notGlobal = RedisLockModule.forRoot({ ...options, isGlobal: false });
    const importing = { module: class ImportingModule {}, imports: [notGlobal], providers: [JobService] };
    const module = await start({ imports: [importing] });
    expect(await module.get(JobService, { strict: false }).nightly()).toBe('nightly');
  });

  @Injectable()
  class Unserved {
    @WithLock('it')
    async work(): Promise<void> {}
  }

  @Injectable()
  class UnservedByName {
    @WithLock('it', { name: 'payments' })
    async work(): Promise<void> {}
  }

  const valid = (extras = {}): DynamicModule => RedisLockModule.forRoot({ connection, ...extras });

  it.each([
    ['is missing', { providers: [Unserved] }, /Unserved\.work/],
    [
      'is not global and not imported',
      { imports: [valid({ isGlobal: false }), { module: class Other {}, providers: [Unserved] }] },
      /Unserved\.work/,
    ],
    ['has another name', { imports: [valid({ name: 'orders' })], providers: [UnservedByName] }, /UnservedByName\.work/],
    ['has no name', { imports: [valid()], providers: [UnservedByName] }, /UnservedByName\.work/],
  ])(
    'N3b: the app does not start, and the error names class and method, when the module %s',
    async (_, metadata, message) => {
      await expect(Test.createTestingModule(metadata).compile()).rejects.toThrow(message);
    },
  );

  it('N9: several services in one app have names', async () => {
    @Injectable()
    class Shop {
      constructor(
        readonly byDefault: RedisLockService,
        @InjectRedisLock('orders') readonly orders: RedisLockService,
        @InjectRedisLock('stock') readonly stock: RedisLockService,
      ) {}

      @WithLock('it', { name: 'orders' })
      async order(): Promise<(string | undefined)[]> {
        return [this.byDefault, this.orders, this.stock].map((locks) => locks.current()?.key);
      }
    }
    const prefix = uniqueKey('named');
    const imports = [undefined, 'orders', 'stock'].map((name) =>
      name === 'stock'
        ? RedisLockModule.forRootAsync({ name, useFactory: () => ({ connection, keyPrefix: `${prefix}${name}:` }) })
        : RedisLockModule.forRoot({
            connection,
            keyPrefix: `${prefix}${name}:`,
            ...(name === undefined ? {} : { name }),
          }),
    );
    const module = await start({ imports, providers: [Shop] });
    const shop = module.get(Shop);
    expect(module.get(getRedisLockToken())).toBe(shop.byDefault);
    expect(module.get(getRedisLockToken('orders'))).toBe(shop.orders);
    expect(module.get(getRedisLockToken('stock'))).toBe(shop.stock);
    expect(new Set([shop.byDefault, shop.orders, shop.stock]).size).toBe(3);
    expect(await shop.order()).toEqual([undefined, 'it', undefined]);
    const lock = await shop.stock.acquire('it');
    expect(await sendCommand(connection, 'KEYS', `${prefix}*`)).toEqual([`${prefix}stock:it`]);
    await lock.release();
  });

  it.each([
    ['without a name', () => [valid(), valid()], 'the default'],
    [
      'of one name',
      () => [
        valid({ name: 'orders' }),
        RedisLockModule.forRootAsync({ name: 'orders', useFactory: () => ({ connection }) }),
      ],
      '"orders"',
    ],
    [
      'of which one is not global',
      () => [valid(), { module: class Inner {}, imports: [valid({ isGlobal: false })] }],
      'the default',
    ],
    ['of which one is for tests', () => [valid(), RedisLockTestingModule.forRoot()], 'the default'],
  ])('N9: two modules %s are refused', async (_, imports, name) => {
    const error = await rejection(Test.createTestingModule({ imports: imports() }).compile());
    expect(error).toBeInstanceOf(RedisLockOptionsError);
    expect(String(error)).toContain(`Option "name" is ${name}`);
  });

  it('N9: one module that is imported in several places is one', async () => {
    const shared = valid({ isGlobal: false });
    const first = { module: class First {}, imports: [shared], providers: [JobService] };
    const second = { module: class Second {}, imports: [shared], providers: [JobService] };
    await expect(start({ imports: [first, second] })).resolves.toBeDefined();
  });
});
