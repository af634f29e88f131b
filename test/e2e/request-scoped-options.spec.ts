import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  RedisLockModule,
  RedisLockOptionsError,
  RedisLockService,
  type RedisLockModuleAsyncOptions,
  type RedisLockModuleOptions,
  type RedisLockOptionsFactory,
} from 'nestjs-redis-lock';
import { rejection } from '../support/watch.js';

const options: RedisLockModuleOptions = { connection: process.env.TEST_REDIS_URL ?? '' };

@Injectable({ scope: Scope.REQUEST })
class Tenant implements RedisLockOptionsFactory {
  createRedisLockOptions(): RedisLockModuleOptions {
    return options;
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class DurableTenant extends Tenant {}

@Injectable()
class Settings extends Tenant {
  constructor(readonly tenant: Tenant) {
    super();
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientSettings extends Tenant {}

const PROVIDERS = [Tenant, DurableTenant, Settings, TransientSettings];

@Module({ providers: PROVIDERS, exports: PROVIDERS })
class SettingsModule {}

const imports = [SettingsModule];
const useFactory = (): RedisLockModuleOptions => options;

const FORMS: readonly (readonly [form: string, options: RedisLockModuleAsyncOptions, culprit: string])[] = [
  ['a factory that gets the request', { inject: [REQUEST], useFactory }, 'REQUEST'],
  ['a factory that gets a provider of a request', { imports, inject: [Tenant], useFactory }, 'Tenant'],
  ['a factory that gets a durable one', { imports, inject: [DurableTenant], useFactory }, 'DurableTenant'],
  ['a factory that gets one into which such a one is injected', { imports, inject: [Settings], useFactory }, 'Tenant'],
  ['useExisting', { imports, useExisting: Settings }, 'Tenant'],
  ['useClass', { useClass: Tenant }, 'Tenant'],
  ['a durable useClass', { useClass: DurableTenant }, 'DurableTenant'],
];

describe('options that are made for each request', () => {
  it.each(FORMS)('N9: stop the app, with what makes them so and the remedy: %s', async (_, form, culprit) => {
    const error = await rejection(
      Test.createTestingModule({ imports: [RedisLockModule.forRootAsync(form)] }).compile(),
    );
    expect(error).toBeInstanceOf(RedisLockOptionsError);
    expect(String(error)).toMatch(
      new RegExp(
        `"forRootAsync\\(\\)" is made for each request, by ${culprit}: there is one lock service.*make ${culprit} a singleton`,
        'u',
      ),
    );
  });

  it('N9: are something else than those of a provider that is made for each of its users', async () => {
    const module = await Test.createTestingModule({
      imports: [RedisLockModule.forRootAsync({ imports, inject: [TransientSettings], useFactory })],
    }).compile();
    await module.init();
    await module.get(RedisLockService).withLock('it', () => undefined);
    await module.close();
  });
});
