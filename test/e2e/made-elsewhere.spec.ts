import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope, type DynamicModule, type Provider } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import { RedisLockModule, RedisLockService, WithLock, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { deferred } from '../support/deferred.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

class Base {
  locks: RedisLockService | undefined;

  @WithLock('inherited')
  async inherited(): Promise<string | undefined> {
    return this.locks?.current()?.key;
  }
}

class Reports extends Base {
  @WithLock('own')
  async own(): Promise<string | undefined> {
    return this.locks?.current()?.key;
  }
}

class Elsewhere {
  @WithLock('stock', { name: 'stock' })
  async take(): Promise<void> {}
}

const PROVIDERS: readonly (readonly [kind: string, provider: () => Provider])[] = [
  ['useFactory', () => ({ provide: Reports, useFactory: () => new Reports() })],
  ['an async useFactory', () => ({ provide: Reports, useFactory: async () => Promise.resolve(new Reports()) })],
  ['useValue', () => ({ provide: Reports, useValue: new Reports() })],
  ['a useValue that cannot be extended', () => ({ provide: Reports, useValue: unextendable() })],
];

function unextendable(): Reports {
  return Object.preventExtensions(Object.assign(new Reports(), { locks: undefined }));
}

function locksOfTest(): DynamicModule {
  return RedisLockModule.forRoot({ connection: process.env.TEST_REDIS_URL ?? '', keyPrefix: `${uniqueKey('app')}:` });
}

async function locksOf(reports: Reports, locks: RedisLockService): Promise<unknown> {
  reports.locks = locks;
  return [await reports.own(), await reports.inherited()];
}

describe('a provider that Nest did not make itself', () => {
  let nest: NestContext | undefined;
  let module: TestingModule | undefined;

  afterEach(async () => {
    await nest?.app.close();
    await module?.close();
    nest = module = undefined;
  });

  it.each(PROVIDERS)('N3a: by %s is locked, its inherited methods too', async (_, provider) => {
    nest = await startContext({ providers: [provider()] });
    expect(await locksOf(nest.app.get(Reports), nest.locks)).toEqual(['own', 'inherited']);
  });

  it.each(PROVIDERS)('N3a X1: by %s is locked in a unit test that only compiles its module', async (_, provider) => {
    module = await Test.createTestingModule({ imports: [locksOfTest()], providers: [provider()] }).compile();
    expect(await locksOf(module.get(Reports), module.get(RedisLockService))).toEqual(['own', 'inherited']);
  });

  it.each(PROVIDERS)('N3a: by %s is locked in a module that is loaded lazily', async (_, provider) => {
    nest = await startContext({});
    @Module({ providers: [provider()] })
    class LazyModule {}
    const lazy = await nest.app.get(LazyModuleLoader).load(() => LazyModule);
    expect(await locksOf(lazy.get(Reports), nest.locks)).toEqual(['own', 'inherited']);
  });

  it('N3a: is locked in a hybrid app that does not listen', async () => {
    class OrderHandler {
      @MessagePattern('it')
      handle(): void {}
    }
    const root = {
      module: class RootModule {},
      imports: [locksOfTest()],
      controllers: [OrderHandler],
      providers: [{ provide: Reports, useFactory: () => new Reports() }],
    };
    const app = await NestFactory.create(root, { logger: false });
    app.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } });
    await app.startAllMicroservices();
    expect(await locksOf(app.get(Reports), app.get(RedisLockService))).toEqual(['own', 'inherited']);
    await app.close();
  });

  it('N3a: is locked when it is called before the app is initialised', async () => {
    @Injectable()
    class Early {
      constructor(locks: RedisLockService, reports: Reports) {
        this.outcome = locksOf(reports, locks);
      }

      readonly outcome: Promise<unknown>;
    }
    nest = await startContext({ providers: [Early, { provide: Reports, useFactory: () => new Reports() }] });
    expect(await nest.app.get(Early).outcome).toEqual(['own', 'inherited']);
  });

  it('N3a: by a factory for each request is locked', async () => {
    nest = await startContext({
      providers: [{ provide: Reports, scope: Scope.REQUEST, useFactory: () => new Reports() }],
    });
    expect(await locksOf(await nest.app.resolve(Reports), nest.locks)).toEqual(['own', 'inherited']);
  });

  it('N3a: is locked when no module knows it, too', async () => {
    nest = await startContext({});
    expect(await locksOf(new Reports(), nest.locks)).toEqual(['own', 'inherited']);
  });

  it('N3a: for which there is no service stops the app, with class, method and remedy', async () => {
    const error = await rejection(startContext({ providers: [{ provide: 'it', useValue: new Elsewhere() }] }));
    expect(error).toMatchObject({ code: 'LOCK_OPTIONS' });
    expect(String(error)).toMatch(/Elsewhere\.take.*"stock".*RedisLockModule\.forRoot\(\)/u);
  });

  it('N3a: is told so when no service has its name, or there is no module', async () => {
    expect(String(await rejection(new Elsewhere().take()))).toMatch(
      /missing on the instance that Elsewhere\.take was called on: import RedisLockModule/u,
    );
    nest = await startContext({});
    expect(String(await rejection(new Elsewhere().take()))).toMatch(
      /missing with the name "stock", which Elsewhere\.take needs: import/u,
    );
  });

  it('N3a: is told so when it is called before the service is made, as in a constructor', async () => {
    class Hasty {
      readonly outcome = rejection(this.work());

      @WithLock('it')
      async work(): Promise<void> {}
    }
    expect(String(await new Hasty().outcome)).toMatch(
      /missing on the instance that Hasty\.work was called on: .*not in a constructor/u,
    );
    const [asked, given] = [deferred(), deferred<RedisLockModuleOptions>()];
    const useFactory = (): Promise<RedisLockModuleOptions> => {
      asked.resolve();
      return given.promise;
    };
    const compiled = Test.createTestingModule({ imports: [RedisLockModule.forRootAsync({ useFactory })] }).compile();
    await asked.promise;
    await setImmediate();
    const error: unknown = await new Hasty().outcome;
    given.resolve({ connection: process.env.TEST_REDIS_URL ?? '' });
    module = await compiled;
    expect(String(error)).toMatch(/not ready yet when Hasty\.work was called: .*not in a constructor/u);
  });

  it('is no concern of ours when it has no such method', async () => {
    const values = [null, undefined, 0, 'text', Object.create(null), new Date(), () => undefined, Symbol('it')];
    nest = await startContext({
      providers: values.map((useValue, index) => ({ provide: `value ${index}`, useValue: useValue as unknown })),
    });
    expect(nest.locks).toBeInstanceOf(RedisLockService);
  });
});
