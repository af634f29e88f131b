import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  NotFoundException,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
  type Type,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  LockLostError,
  LockNotAcquiredError,
  RedisLockError,
  RedisLockModule,
  RedisLockService,
  WithLock,
  type RedisLockErrorCode,
} from 'nestjs-redis-lock';
import { PLATFORMS, startHttpApp, type HttpApp, type HttpAppOptions } from '../support/http-app.js';
import { withoutLeak } from '../support/leaks.js';
import { LOCK_CODES, LOCK_FAILURES, SECRET_KEY as KEY } from '../support/lock-failures.js';

const STATUSES: Readonly<Record<RedisLockErrorCode, number>> = {
  LOCK_NOT_ACQUIRED: 409,
  LOCK_KEY: 400,
  LOCK_QUEUE_FULL: 503,
  LOCK_BACKEND: 503,
  LOCK_LOST: 503,
  LOCK_CLOSED: 503,
  LOCK_REENTRY: 500,
  LOCK_NOT_HELD: 500,
  LOCK_OPTIONS: 500,
};
/** As code outside of the decorator throws them. */
const THROWN = LOCK_CODES.map((code) => ({ error: LOCK_FAILURES[code](), status: STATUSES[code] }));

const own = Object.assign(new NotFoundException('its own'), { own: true });
const stage = { failure: new Error() };

@Injectable()
class Orders {
  constructor(readonly locks: RedisLockService) {}

  @WithLock('order:{0}', { wait: 0 })
  async pay(id: string): Promise<string> {
    return Promise.resolve(id);
  }
}

class AnsweringFilter implements ExceptionFilter {
  catch(error: any, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
    response.status(423).send({ by: this.constructor.name, code: error.code, waitedMs: error.waitedMs });
  }
}

@Catch(LockNotAcquiredError)
class BusyFilter extends AnsweringFilter {}

@Catch(RedisLockError)
class AnyFilter extends AnsweringFilter {}

@Catch(LockLostError)
class LostFilter extends AnsweringFilter {}

@Catch(HttpException)
class HttpFilter extends AnsweringFilter {}

@Catch()
class CatchAllFilter extends AnsweringFilter {}

@Controller()
class OrderController {
  constructor(private readonly orders: Orders) {}

  @Get('thrown')
  async thrown(): Promise<never> {
    return Promise.reject(stage.failure);
  }

  @Get('service')
  async service(): Promise<string> {
    return this.orders.locks.withLock(KEY, { wait: 0 }, () => 'ran');
  }

  @Get('method')
  async method(): Promise<string> {
    return this.orders.pay('secret');
  }

  @Get('decorator')
  @WithLock(KEY, { wait: 0 })
  async decorator(): Promise<string> {
    return Promise.resolve('ran');
  }

  @Get('reentry')
  @WithLock('order:secret')
  async reentry(): Promise<string> {
    return this.orders.pay('secret');
  }

  @Get('signal')
  async signal(): Promise<void> {
    await this.orders.locks.withLock(KEY, async (lock) => {
      await this.orders.locks.forceRelease(KEY);
      lock.signal.throwIfAborted();
    });
  }

  @Get('unprotected')
  unprotected(): void {
    this.orders.locks.assertLocked(KEY);
  }

  @Get('by-method')
  @UseFilters(BusyFilter)
  async byMethod(): Promise<string> {
    return this.service();
  }

  @Get('not-by-method')
  @UseFilters(LostFilter)
  async notByMethod(): Promise<string> {
    return this.service();
  }
}

@Controller('by-controller')
@UseFilters(AnyFilter)
class FilteredController extends OrderController {}

interface Told {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: any;
}

describe.each(PLATFORMS)('errors of ours that were not born in the decorator, on $platform', ({ adapter }) => {
  let http: HttpApp;

  const start = async (options: HttpAppOptions = {}): Promise<HttpApp> => {
    const { providers = [], ...others } = options;
    http = await startHttpApp(adapter, {
      controllers: [OrderController, FilteredController],
      providers: [Orders, ...providers],
      ...others,
    });
    return http;
  };

  async function get(path: string): Promise<Told> {
    const response = await fetch(`${http.url}/${path}`);
    const text = await response.text();
    withoutLeak([...response.headers]);
    withoutLeak(text);
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: text.startsWith('{') ? JSON.parse(text) : text,
    };
  }

  async function whileBusy(path: string): Promise<Told> {
    const giveBack = await http.takeAsStranger(KEY);
    const told = await get(path);
    await giveBack();
    return told;
  }

  describe('with the filter of the module', () => {
    beforeAll(() => start());
    afterAll(() => http.close());

    it.each(THROWN)(
      'N8 D3: $error.code is answered $status, by its code and not by its key',
      async ({ error, status }) => {
        stage.failure = error;
        const logged = http.log.at('error').length;
        const told = await get('thrown');
        expect(told).toMatchObject({
          status,
          body: { statusCode: status, code: error.code, message: expect.any(String) },
        });
        expect(told.retryAfter).toBe(error.code === 'LOCK_NOT_ACQUIRED' ? '5' : null);
        // A bug of the app is for those who look after it, anything else is not.
        expect(http.log.at('error').slice(logged)).toEqual(status === 500 ? [error.message] : []);
        expect(http.log.at('debug', 'error')).toContain(error.message);
      },
    );

    it.each(['service', 'method'])('N8: busy is what it is for a handler under the decorator (%s)', async (path) => {
      const logged = http.log.at('error', 'warn').length;
      const expected = await whileBusy('decorator');
      const told = await whileBusy(path);
      expect(told).toMatchObject({ status: 409, retryAfter: null });
      expect(told.body).toEqual(expected.body);
      expect(http.log.at('error', 'warn')).toHaveLength(logged);
    });

    it.each([
      { path: 'signal', status: 503, code: 'LOCK_LOST' },
      { path: 'reentry', status: 500, code: 'LOCK_REENTRY' },
      { path: 'unprotected', status: 500, code: 'LOCK_NOT_HELD' },
    ])('N8: $path is answered $status', async ({ path, status, code }) => {
      expect(await get(path)).toMatchObject({ status, body: { code } });
    });

    it('N7: errors of the app pass untouched', async () => {
      stage.failure = own;
      expect(await get('thrown')).toMatchObject({ status: 404, body: { message: 'its own' } });
      stage.failure = new Error('its own');
      expect(await get('thrown')).toMatchObject({ status: 500, body: { message: 'Internal server error' } });
    });

    it('N8: a filter of the method or of the controller comes first, where it is for this error', async () => {
      expect(await whileBusy('by-method')).toMatchObject({
        status: 423,
        body: { by: 'BusyFilter', code: 'LOCK_NOT_ACQUIRED', waitedMs: expect.any(Number) },
      });
      expect(await whileBusy('not-by-method')).toMatchObject({ status: 409 });
      expect(await whileBusy('by-controller/service')).toMatchObject({ status: 423, body: { by: 'AnyFilter' } });
    });
  });

  describe('with filters of the app', () => {
    afterEach(() => http.close());

    const appFilter = (filter: Type): object => ({ provide: APP_FILTER, useClass: filter });
    const ownFilter = (filter: Type): object => ({ module: class OwnModule {}, providers: [appFilter(filter)] });

    /** Where a filter is registered decides when Nest asks it. */
    const PLACES: readonly { readonly place: string; readonly options: (filter: Type) => HttpAppOptions }[] = [
      { place: 'the root module', options: (filter) => ({ providers: [appFilter(filter) as never] }) },
      { place: 'a module after ours', options: (filter) => ({ imports: [ownFilter(filter) as never] }) },
      {
        place: 'useGlobalFilters()',
        options: (filter) => ({ configure: (app) => void app.useGlobalFilters(new filter()) }),
      },
    ];

    it.each(
      PLACES.flatMap((place) => [BusyFilter, AnyFilter].map((filter) => ({ ...place, filter, name: filter.name }))),
    )('N8: $name of $place comes first, for both', async ({ options, filter, name }) => {
      await start(options(filter));
      for (const path of ['service', 'decorator'])
        expect(await whileBusy(path)).toMatchObject({
          status: 423,
          body: { by: name, code: 'LOCK_NOT_ACQUIRED', waitedMs: expect.any(Number) },
        });
    });

    it.each([HttpFilter, CatchAllFilter])(
      'N8: one of the root module for other classes gets what the decorator throws ($name)',
      async (filter) => {
        await start({ providers: [appFilter(filter) as never] });
        for (const path of ['service', 'decorator'])
          expect(await whileBusy(path)).toMatchObject({
            status: 423,
            body: { by: filter.name, code: 'LOCK_NOT_ACQUIRED' },
          });
      },
    );

    it.each(PLACES)('N8: one of $place for another error of ours is not asked', async ({ options }) => {
      await start(options(LostFilter));
      expect(await whileBusy('service')).toMatchObject({ status: 409 });
    });
  });

  describe('without the filter of the module', () => {
    afterEach(() => http.close());

    it('N8: exceptionFilter: false leaves them to Nest, and those of the decorator as they are', async () => {
      await start({ lock: { exceptionFilter: false } });
      expect(await whileBusy('service')).toEqual({
        status: 500,
        retryAfter: null,
        body: { statusCode: 500, message: 'Internal server error' },
      });
      expect(await whileBusy('decorator')).toMatchObject({ status: 409 });
    });

    it('N8: one of several modules that says nothing is enough, and they answer once', async () => {
      await start({
        lock: { exceptionFilter: false },
        imports: ['a', 'b'].map((name) =>
          RedisLockModule.forRoot({ name, connection: process.env.TEST_REDIS_URL ?? '' }),
        ),
      });
      expect(await whileBusy('service')).toMatchObject({ status: 409 });
    });
  });
});
