import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { Controller, Get, HttpException, Injectable, Scope, StreamableFile } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { EMPTY, from, throwError, type Observable } from 'rxjs';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

class BaseController {
  @Get('inherited')
  @WithLock('it')
  async inherited(): Promise<string> {
    return 'done';
  }
}

@Injectable()
class PlainService {
  @WithLock('it')
  @OnEvent('tick', { async: true, promisify: true })
  async run(): Promise<string> {
    return 'done';
  }

  @WithLock('it')
  async fail(): Promise<string> {
    throw new HttpException('its own', 410);
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

@Controller()
class CountedController extends BaseController {
  @Get('promise')
  @WithLock('it')
  async promise(): Promise<string> {
    return 'done';
  }

  @Get('throws')
  @WithLock('it')
  async throws(): Promise<string> {
    throw new HttpException('its own', 410);
  }

  @Get('many')
  @WithLock('it')
  many(): Observable<number> {
    return from([1, 2, 3]);
  }

  @Get('empty')
  @WithLock('it')
  empty(): Observable<never> {
    return EMPTY;
  }

  @Get('failing')
  @WithLock('it')
  failing(): Observable<never> {
    return throwError(() => new HttpException('gone', 410));
  }

  @Get('return')
  @WithLock('it', { until: 'return' })
  untilReturn(): Observable<number> {
    return from([1, 2, 3]);
  }

  @Get('file')
  @WithLock('it')
  async file(): Promise<StreamableFile> {
    return new StreamableFile(Readable.from([Buffer.from('done')]));
  }

  @Get('both')
  @WithLock('upper')
  @WithLock('it')
  async both(): Promise<string> {
    return 'done';
  }
}

/** Request-scoped itself, because of what it injects. */
@Controller('scoped')
class ScopedController extends BaseController {
  constructor(
    private readonly scoped: RequestScopedService,
    private readonly transient: TransientService,
  ) {
    super();
  }

  @Get('provider')
  async inScope(): Promise<string> {
    return this.scoped.run();
  }

  @Get('transient')
  async inTransient(): Promise<string> {
    return this.transient.run();
  }
}

const SERVICES = [PlainService, InheritingService, OverridingService, RelockingService, TransientService, RequestScopedService];
const CALLS: Record<string, (app: HttpApp['app']) => Promise<unknown>> = {
  'a provider': (app) => app.get(PlainService).run(),
  'a provider that throws': (app) => app.get(PlainService).fail().catch(() => undefined),
  'a self-call': (app) => app.get(PlainService).selfCall(),
  'an event': (app) => app.get(EventEmitter2).emitAsync('tick'),
  'an inherited method': (app) => app.get(InheritingService).run(),
  'an overridden method with a super call': async (app) => expect(await app.get(OverridingService).run()).toBe('child of base'),
  'an overriding method with a lock of its own': async (app) => expect(await app.get(RelockingService).run()).toBe('child'),
  'a transient provider': async (app) => (await app.resolve(TransientService)).run(),
  'a request-scoped provider': async (app) => (await app.resolve(RequestScopedService)).run(),
  'withLock()': (app) => app.get(RedisLockService).withLock('it', () => undefined),
};
const ROUTES = ['inherited', 'promise', 'throws', 'many', 'empty', 'failing', 'return', 'file', 'scoped/inherited', 'scoped/provider', 'scoped/transient'];

describe.each(PLATFORMS)('one call, one acquisition and one release, on $platform', ({ adapter }) => {
  let redis: RedisServer;
  let http: HttpApp;

  beforeAll(async () => {
    redis = await startRedis();
    const imports = [EventEmitterModule.forRoot()];
    http = await startHttpApp(adapter, { imports, controllers: [CountedController, ScopedController], providers: SERVICES, lock: { connection: redis.url } });
    // The server knows the scripts from now on.
    await http.locks.withLock('warm', () => http.locks.inspect('warm'));
  });

  beforeEach(() => resetCommandCounts(redis.url));

  afterAll(async () => {
    await http.close();
    await redis.stop('SIGKILL');
  });

  it.each(Object.entries(CALLS))('N3d: %s', async (_, call) => {
    await call(http.app);
    expect(await scripts()).toBe(2);
  });

  it.each(ROUTES)('N3d: the route %s', async (path) => {
    await (await fetch(`${http.url}/${path}`)).text();
    await eventually(async () => (await scripts()) === 2);
    // A third would come after the answer.
    await http.locks.inspect('it');
    expect(await scripts()).toBe(3);
  });

  it('N3d: two for two @WithLock() on one handler', async () => {
    await (await fetch(`${http.url}/both`)).text();
    expect(await scripts()).toBe(4);
  });

  async function scripts(): Promise<number> {
    const { evalsha = 0, eval: whole = 0 } = await commandCounts(redis.url);
    return evalsha + whole;
  }
});
