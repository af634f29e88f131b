import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Param,
  ServiceUnavailableException,
  Sse,
  UseInterceptors,
  type CallHandler,
  type NestInterceptor,
} from '@nestjs/common';
import { CurrentLock, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { concat, map, mergeMap, NEVER, of, retry, toArray, type Observable } from 'rxjs';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { openEvents } from '../support/server-sent-events.js';

const stage = { failures: 0, calls: [] as string[], held: [] as boolean[] };

function interceptor(intercept: (next: CallHandler) => Observable<unknown>): NestInterceptor {
  return { intercept: (_, next) => intercept(next) };
}

const retrying = interceptor((next) => next.handle().pipe(retry(2)));
const cached = interceptor(() => of('cached'));

@Injectable()
class ObservingInterceptor implements NestInterceptor {
  constructor(private readonly locks: RedisLockService) {}

  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    stage.calls.push(`observer ${this.locks.current()?.key}`);
    return next.handle().pipe(map((value) => `[${String(value)}]`));
  }
}

/** Tells with each value whether the lock is free by then. */
@Injectable()
class AskingInterceptor implements NestInterceptor {
  constructor(private readonly locks: RedisLockService) {}

  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    const ask = async (value: unknown): Promise<unknown> => [
      value,
      (await this.locks.inspect('1')) === null ? 'free' : 'taken',
    ];
    return next.handle().pipe(mergeMap(ask), toArray());
  }
}

const endless = interceptor((next) => concat(next.handle(), NEVER));
const twice = interceptor((next) => next.handle().pipe(mergeMap((value) => [value, 'again'])));

@Controller(':id')
class RetriedController {
  @Get('inside')
  @UseInterceptors(retrying)
  @WithLock('{params.id}')
  async inside(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<string> {
    return this.work(id, lock);
  }

  @Get('outside')
  @WithLock('{params.id}')
  @UseInterceptors(retrying)
  async outside(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<string> {
    return this.work(id, lock);
  }

  @Get('until-return')
  @UseInterceptors(retrying)
  @WithLock('{params.id}', { until: 'return' })
  async untilReturn(@Param('id') id: string, @CurrentLock() lock: Lock): Promise<string> {
    stage.held.push(lock.isHeld);
    await Promise.resolve();
    return this.work(id, lock);
  }

  @Get('cached')
  @UseInterceptors(cached)
  @WithLock('{params.id}')
  async cached(): Promise<string> {
    return 'not cached';
  }

  @Get('observed-inside')
  @UseInterceptors(ObservingInterceptor)
  @WithLock('{params.id}')
  async observedInside(): Promise<string> {
    return 'done';
  }

  @Get('observed-outside')
  @WithLock('{params.id}')
  @UseInterceptors(ObservingInterceptor)
  async observedOutside(): Promise<string> {
    return 'done';
  }

  @Get('asked/one')
  @WithLock('{params.id}')
  @UseInterceptors(AskingInterceptor)
  async askedOne(): Promise<string> {
    return 'done';
  }

  @Get('asked/two')
  @UseInterceptors(twice)
  @WithLock('{params.id}')
  @UseInterceptors(AskingInterceptor)
  async askedTwo(): Promise<string> {
    return 'done';
  }

  @Sse('endless')
  @UseInterceptors(endless)
  @WithLock('{params.id}')
  async endless(): Promise<object> {
    return { data: { is: 'there' } };
  }

  @Get('lazy')
  @WithLock('{params.id}')
  lazy(): PromiseLike<string> {
    return {
      then(onDone) {
        stage.calls.push('ran');
        return Promise.resolve('done').then(onDone);
      },
    };
  }

  @Get('camera')
  @WithLock('{params.id}')
  async camera(): Promise<object> {
    return { id: 1, getStream: () => 'rtsp://camera' };
  }

  @Get('asked/many')
  @WithLock('{params.id}')
  @UseInterceptors(AskingInterceptor)
  async askedMany(): Promise<Observable<string>> {
    return of('one', 'two');
  }

  private work(id: string, lock: Lock): Promise<string> {
    stage.calls.push(`${lock.fencingToken}`);
    stage.failures -= 1;
    if (stage.failures >= 0) throw new ServiceUnavailableException('not yet');
    return Promise.resolve(id);
  }
}

describe.each(PLATFORMS)('other interceptors beside @WithLock() on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [RetriedController] });
  });

  afterEach(async () => {
    expect(await http.takenKeys()).toEqual([]);
    Object.assign(stage, { calls: [], held: [] });
  });

  afterAll(() => http.close());

  const get = (path: string): Promise<Response> => fetch(`${http.url}/${path}`);

  it.each([
    { where: 'inside', locks: 1 },
    { where: 'outside', locks: 3 },
  ])('N3d: one that retries the handler $where of the lock makes it take $locks', async ({ where, locks }) => {
    stage.failures = 2;
    const response = await get(`1/${where}`);
    expect([response.status, await response.text()]).toEqual([200, '1']);
    expect(stage.calls).toHaveLength(3);
    expect(new Set(stage.calls).size).toBe(locks);
  });

  it('N5: one that retries a handler that is locked until it returns finds the lock held each time', async () => {
    stage.failures = 2;
    expect((await get('1/until-return')).status).toBe(200);
    expect(stage.held).toEqual([true, true, true]);
  });

  it.each(['inside', 'outside'])('N7: one that retries the handler in vain (%s) leaves its error', async (where) => {
    stage.failures = 3;
    const response = await get(`1/${where}`);
    expect([response.status, await response.json()]).toMatchObject([503, { message: 'not yet' }]);
  });

  it('N5: one that does not call the handler gives the lock back', async () => {
    expect(await (await get('1/cached')).text()).toBe('cached');
  });

  it('N5: one beneath it that goes on does not hold back the value of the handler', async () => {
    const stream = await openEvents(`${http.url}/1/endless`);
    await eventually(() => stream.events.length === 1);
    stream.close();
    await eventually(async () => (await http.takenKeys()).length === 0);
  });

  it('N5a: the query of a library, which runs for each who waits for it, runs once', async () => {
    expect(await (await get('1/lazy')).text()).toBe('done');
    expect(stage.calls).toEqual(['ran']);
  });

  it('N5c: a result that only has a method of the name of a stream is no stream', async () => {
    expect(await (await get('1/camera')).json()).toEqual({ id: 1 });
    await eventually(async () => (await http.takenKeys()).length === 0);
  });

  it.each([
    { path: 'one', answer: [['done', 'free']] },
    {
      path: 'two',
      answer: [
        ['done', 'taken'],
        ['again', 'free'],
      ],
    },
    {
      path: 'many',
      answer: [
        ['one', 'taken'],
        ['two', 'taken'],
      ],
    },
  ])(
    'N5: one around it gets the result when the lock is free, and the values of an Observable as they come ($path)',
    async ({ path, answer }) => {
      expect(await (await get(`1/asked/${path}`)).json()).toEqual(answer);
    },
  );

  it.each([
    { where: 'inside', key: '1' },
    { where: 'outside', key: undefined },
  ])('N3: runs $where of the lock, by the place of its decorator', async ({ where, key }) => {
    expect(await (await get(`1/observed-${where}`)).text()).toBe('[done]');
    expect(stage.calls).toEqual([`observer ${key}`]);
  });
});
