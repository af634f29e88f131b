import { afterEach, describe, expect, it } from '@jest/globals';
import { Scope, type Provider } from '@nestjs/common';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { startContext, type NestContext } from '../support/nest-context.js';
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

class PerRequest {
  @WithLock('request')
  async handle(): Promise<void> {}
}

describe('a provider that Nest did not make itself', () => {
  let nest: NestContext | undefined;

  afterEach(async () => {
    await nest?.app.close();
    nest = undefined;
  });

  it.each<[string, () => Provider]>([
    ['useFactory', () => ({ provide: Reports, useFactory: () => new Reports() })],
    ['an async useFactory', () => ({ provide: Reports, useFactory: async () => Promise.resolve(new Reports()) })],
    ['useValue', () => ({ provide: Reports, useValue: new Reports() })],
  ])('N3a: by %s is locked, its inherited methods too', async (_, provider) => {
    nest = await startContext({ providers: [provider()] });
    const reports = nest.app.get(Reports);
    reports.locks = nest.locks;
    expect([await reports.own(), await reports.inherited()]).toEqual(['own', 'inherited']);
  });

  it('N3a: for which there is no service stops the app, with class, method and remedy', async () => {
    const error = await rejection(startContext({ providers: [{ provide: 'it', useValue: new Elsewhere() }] }));
    expect(error).toMatchObject({ code: 'LOCK_OPTIONS' });
    expect(String(error)).toMatch(/Elsewhere\.take.*"stock".*RedisLockModule\.forRoot\(\)/u);
  });

  it('N3a: that is frozen stops the app', async () => {
    const error = await rejection(
      startContext({ providers: [{ provide: 'it', useValue: Object.freeze(new Reports()) }] }),
    );
    expect(String(error)).toMatch(/Reports\.\w+.*frozen/u);
  });

  it('N3a: by a factory for each request, which comes too late for that, is told at the call', async () => {
    nest = await startContext({
      providers: [{ provide: PerRequest, scope: Scope.REQUEST, useFactory: () => new PerRequest() }],
    });
    const made = await nest.app.resolve(PerRequest);
    expect(await rejection(made.handle())).toMatchObject({ code: 'LOCK_OPTIONS' });
  });

  it('is no concern of ours when it has no such method', async () => {
    const values = [null, undefined, 0, 'text', Object.create(null), new Date(), () => undefined, Symbol('it')];
    nest = await startContext({
      providers: values.map((useValue, index) => ({ provide: `value ${index}`, useValue: useValue as unknown })),
    });
    expect(nest.locks).toBeInstanceOf(RedisLockService);
  });
});
