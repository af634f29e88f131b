import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type INestApplicationContext } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { WARM_UP } from '../support/patience.mjs';

@Injectable()
class PlainService {
  @WithLock('it')
  @OnEvent('tick', { async: true, promisify: true })
  async run(): Promise<string> {
    return 'done';
  }

  @WithLock('it')
  async fail(): Promise<string> {
    throw new Error('its own');
  }

  async selfCall(): Promise<string> {
    return this.run();
  }
}

class BaseService {
  @WithLock('it')
  async run(): Promise<string> {
    return 'base';
  }
}

@Injectable()
class InheritingService extends BaseService {}

@Injectable()
class OverridingService extends BaseService {
  override async run(): Promise<string> {
    return `child of ${await super.run()}`;
  }
}

@Injectable()
class RelockingService extends BaseService {
  @WithLock('it')
  override async run(): Promise<string> {
    return Promise.resolve('child');
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientService extends BaseService {}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedService extends BaseService {}

const SERVICES = [
  PlainService,
  InheritingService,
  OverridingService,
  RelockingService,
  TransientService,
  RequestScopedService,
];
const CALLS: Record<string, (app: INestApplicationContext) => Promise<unknown>> = {
  'a provider': (app) => app.get(PlainService).run(),
  'a provider that throws': (app) =>
    app
      .get(PlainService)
      .fail()
      .catch(() => undefined),
  'a self-call': (app) => app.get(PlainService).selfCall(),
  'an event': (app) => app.get(EventEmitter2).emitAsync('tick'),
  'an inherited method': (app) => app.get(InheritingService).run(),
  'an overridden method with a super call': async (app) =>
    expect(await app.get(OverridingService).run()).toBe('child of base'),
  'an overriding method with a lock of its own': async (app) =>
    expect(await app.get(RelockingService).run()).toBe('child'),
  'a transient provider': async (app) => (await app.resolve(TransientService)).run(),
  'a request-scoped provider': async (app) => (await app.resolve(RequestScopedService)).run(),
  'withLock()': (app) => app.get(RedisLockService).withLock('it', () => undefined),
};
describe('one call, one acquisition and one release', () => {
  let redis: RedisServer;
  let nest: NestContext;

  beforeAll(async () => {
    redis = await startRedis();
    nest = await startContext({
      imports: [EventEmitterModule.forRoot()],
      providers: SERVICES,
      lock: { connection: redis.url },
    });
    // The server knows the scripts from now on.
    await nest.locks.withLock('warm', WARM_UP, () => undefined);
  });

  beforeEach(() => resetCommandCounts(redis.url));

  afterAll(async () => {
    await nest.app.close();
    await redis.stop('SIGKILL');
  });

  it.each(Object.entries(CALLS))('N3d: %s', async (_, call) => {
    await call(nest.app);
    const { evalsha = 0, eval: whole = 0 } = await commandCounts(redis.url);
    expect(evalsha + whole).toBe(2);
  });
});
