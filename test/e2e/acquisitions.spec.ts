import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, HttpException, Injectable, Scope, StreamableFile, UseInterceptors } from '@nestjs/common';
import { WithLock, WithLockInterceptor } from 'nestjs-redis-lock';
import { EMPTY, from, throwError, type Observable } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { WARM_UP } from '../support/patience.mjs';

const stage = { work: new Checkpoint() };

class BaseController {
  @Get('inherited')
  @WithLock('it')
  async inherited(): Promise<string> {
    return 'done';
  }
}

class BaseService {
  @WithLock('it')
  async run(): Promise<string> {
    return 'base';
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

  @Get('slow')
  @WithLock('it')
  async slow(): Promise<string> {
    await stage.work.pass();
    return 'done';
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

/** Names the interceptor, which `@WithLock()` applies by itself. */
@Controller('named')
@UseInterceptors(WithLockInterceptor)
class NamingController {
  @Get('by-class')
  @WithLock('it')
  async byClass(): Promise<string> {
    return 'done';
  }

  @Get('by-method')
  @UseInterceptors(WithLockInterceptor)
  @WithLock('it')
  async byMethod(): Promise<string> {
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

/** With the status of their answers; that of an Observable that is empty is Nest's own. */
const ROUTES = {
  inherited: 200,
  promise: 200,
  throws: 410,
  many: 200,
  empty: 500,
  failing: 410,
  return: 200,
  file: 200,
  'scoped/inherited': 200,
  'scoped/provider': 200,
  'scoped/transient': 200,
  'named/by-class': 200,
  'named/by-method': 200,
};

describe.each(PLATFORMS)('one call, one acquisition and one release, on $platform', ({ adapter }) => {
  let redis: RedisServer;
  let http: HttpApp;

  beforeAll(async () => {
    redis = await startRedis();
    http = await startHttpApp(adapter, {
      controllers: [CountedController, ScopedController, NamingController],
      providers: [TransientService, RequestScopedService],
      lock: { connection: redis.url },
    });
    // The server knows the scripts from now on.
    await http.locks.withLock('warm', WARM_UP, () => http.locks.inspect('warm'));
  });

  beforeEach(() => resetCommandCounts(redis.url));

  afterAll(async () => {
    await http.close();
    await redis.stop('SIGKILL');
  });

  it.each(Object.entries(ROUTES))('N3d: the route %s', async (path, status) => {
    const response = await fetch(`${http.url}/${path}`);
    await response.text();
    expect(response.status).toBe(status);
    await eventually(async () => (await scripts()) === 2);
    // A third would come after the answer.
    await http.locks.inspect('it');
    expect(await scripts()).toBe(3);
  });

  it('N3d: two for two @WithLock() on one handler', async () => {
    await (await fetch(`${http.url}/both`)).text();
    expect(await scripts()).toBe(4);
  });

  it('N5: the release comes before the answer', async () => {
    stage.work = new Checkpoint();
    const answer = fetch(`${http.url}/slow`).then((response) => response.text());
    await stage.work.arrived();
    redis.pause();
    stage.work.open();
    expect(await Promise.race([answer, sleep(100, 'not yet')])).toBe('not yet');
    redis.resume();
    expect(await answer).toBe('done');
    expect(await scripts()).toBe(2);
  });

  async function scripts(): Promise<number> {
    const { evalsha = 0, eval: whole = 0 } = await commandCounts(redis.url);
    return evalsha + whole;
  }
});
