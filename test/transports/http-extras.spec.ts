import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Param,
  Render,
  Res,
  Sse,
  Version,
  VersioningType,
  type INestApplication,
  type MessageEvent,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { concatMap, from, Subject, type Observable } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS } from '../support/http-app.js';
import { withoutLeak } from '../support/leaks.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { openEvents } from '../support/server-sent-events.js';
import { startLockRedis, type LockRedis } from '../support/transport-redis.js';

const stage = { work: new Checkpoint(), source: new Subject<MessageEvent>() };
const WAIT = { wait: 5_000 };

/** Work that each of the ways to answer waits for. */
async function work(id: string): Promise<string> {
  await stage.work.pass();
  return id;
}

@Controller('orders')
class OrderController {
  @Get('plain/:id')
  @Version('2')
  @WithLock('order:{params.id}', WAIT)
  async plain(@Param('id') id: string): Promise<string> {
    return work(id);
  }

  @WithLock('order:{params.id}', WAIT)
  @Get('rendered/:id')
  @Render('order')
  async rendered(@Param('id') id: string): Promise<object> {
    return { text: await work(id) };
  }

  @Get('passthrough/:id')
  @WithLock('order:{params.id}', WAIT)
  async passthrough(@Param('id') id: string, @Res({ passthrough: true }) response: any): Promise<string> {
    response.header('x-seen', 'yes');
    return work(id);
  }

  @Get('raw/:id')
  @WithLock('order:{params.id}', WAIT)
  async raw(@Param('id') id: string, @Res() response: any): Promise<void> {
    response.send(await work(id));
  }

  @Get('ended-early/:id')
  @WithLock('order:{params.id}', WAIT)
  async endedEarly(@Param('id') id: string, @Res() response: any): Promise<void> {
    response.send(id);
    await work(id);
  }

  @Sse('events/:id')
  @WithLock('order:{params.id}', WAIT)
  events(): Observable<MessageEvent> {
    return stage.source;
  }

  @WithLock('order:{params.id}', WAIT)
  @Sse('late-events/:id')
  async lateEvents(@Param('id') id: string): Promise<Observable<MessageEvent>> {
    return from(work(id)).pipe(concatMap(() => stage.source));
  }

  @Sse('busy-events/:id')
  @WithLock('order:{params.id}', { wait: 50 })
  busyEvents(): Observable<MessageEvent> {
    return stage.source;
  }
}

/** A template engine that prints what it is given. */
const VIEWS: Readonly<Record<string, (app: INestApplication) => void>> = {
  Express: (app) => {
    class View {
      readonly path = 'any';
      render({ text }: { text: string }, done: (error: null, html: string) => void): void {
        done(null, `rendered ${text}`);
      }
    }
    app.getHttpAdapter().getInstance().set('view', View);
  },
  Fastify: (app) => {
    const render = function (
      this: { send(html: string): unknown },
      _view: string,
      { text }: { text: string },
    ): unknown {
      return this.send(`rendered ${text}`);
    };
    app.getHttpAdapter().getInstance().decorateReply('view', render);
  },
};

const WAYS = [
  { path: 'v2/orders/plain', answer: '1' },
  { path: 'v1/orders/rendered', answer: 'rendered 1' },
  { path: 'v1/orders/passthrough', answer: '1' },
  { path: 'v1/orders/raw', answer: '1' },
];

describe.each(PLATFORMS)(
  '@WithLock() under a prefix and a version of the URI, on $platform',
  ({ platform, adapter }) => {
    let redis: LockRedis;
    let app: INestApplication;
    let url: string;

    beforeAll(async () => {
      redis = await startLockRedis();
      const root = { module: class RootModule {}, imports: redis.modules, controllers: [OrderController] };
      app = await NestFactory.create(root, adapter(), { logger: new RecordingLogger(), abortOnError: false });
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      VIEWS[platform]?.(app);
      await app.listen(0, '127.0.0.1');
      url = `${await app.getUrl()}/api`;
    });

    afterEach(async () => {
      stage.work.open();
      await redis.untilNothingIsLeft();
      Object.assign(stage, { work: new Checkpoint(), source: new Subject() });
    });

    afterAll(async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
      await redis.stop();
    });

    const get = async (path: string): Promise<string> => (await fetch(`${url}/${path}`)).text();
    const untilWaiting = (): Promise<unknown> =>
      eventually(async () => (await app.get(RedisLockService).inspect('order:1'))?.waiting === 1);

    it.each(WAYS)('N3a N4: runs one at a time per key, and answers ($path)', async ({ path, answer }) => {
      const answers = [get(`${path}/1`), get(`${path}/1`)];
      await untilWaiting();
      await stage.work.arrived();
      expect(stage.work.arrivals).toBe(1);
      stage.work.open();
      expect(await Promise.all(answers)).toEqual([answer, answer]);
      expect(await redis.scriptsOf(() => get(`${path}/1`))).toBe(2);
    });

    it('N5: is locked until a handler that has answered by itself has returned', async () => {
      expect(await get('v1/orders/ended-early/1')).toBe('1');
      const next = get('v1/orders/raw/1');
      await untilWaiting();
      expect([stage.work.arrivals, stage.work.inside]).toEqual([1, 1]);
      stage.work.open();
      expect(await next).toBe('1');
      expect(stage.work.mostInside).toBe(1);
    });

    it.each(['events', 'late-events'])('N5: is locked until the stream of events has ended (%s)', async (path) => {
      stage.work.open();
      const stream = await openEvents(`${url}/v1/orders/${path}/1`);
      await eventually(() => stage.source.observed);
      stage.source.next({ data: { first: true } });
      await eventually(() => stream.events.length === 1);
      expect(await redis.left()).toEqual(['lock:order:1']);
      stage.source.complete();
      await redis.untilNothingIsLeft();
      stream.close();
    });

    it('N5: is locked until the client of the events has gone away', async () => {
      const stream = await openEvents(`${url}/v1/orders/events/1`);
      await eventually(() => stage.source.observed);
      expect(await redis.left()).toEqual(['lock:order:1']);
      stream.close();
      await redis.untilNothingIsLeft();
    });

    it('N5b: leaves the queue when the client of the events goes away', async () => {
      const giveBack = await redis.takeAsStranger('order:1');
      const abort = new AbortController();
      const response = fetch(`${url}/v1/orders/events/1`, { signal: abort.signal }).catch(() => 'aborted');
      await untilWaiting();
      abort.abort();
      await response;
      await eventually(async () => (await app.get(RedisLockService).inspect('order:1'))?.waiting === 0);
      await giveBack();
      expect(stage.source.observed).toBe(false);
    });

    it('N8 D3: tells the client of events that it is busy by an event, when Nest has begun the stream, and not the key', async () => {
      const giveBack = await redis.takeAsStranger('order:secret');
      const response = await fetch(`${url}/v1/orders/busy-events/secret`);
      const text = await response.text();
      await giveBack();
      expect([response.status, text]).toEqual([
        200,
        expect.stringMatching(/event: error\n.*in use by another request/s),
      ]);
      withoutLeak([text, ...response.headers], 'order');
    });
  },
);
