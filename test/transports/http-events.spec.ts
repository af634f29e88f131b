import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  GoneException,
  Injectable,
  Param,
  Sse,
  UseInterceptors,
  type CallHandler,
  type MessageEvent,
} from '@nestjs/common';
import { LockNotAcquiredError, RedisLockService, WithLock } from 'nestjs-redis-lock';
import { concat, concatMap, defer, of, tap, throwError, type Observable } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { withoutLeak } from '../support/leaks.js';

const stage = { begun: new Checkpoint(), seen: [] as unknown[] };

const spy = {
  intercept: (_: unknown, next: CallHandler) =>
    next.handle().pipe(tap({ error: (error: unknown) => stage.seen.push(error) })),
};

/** One event, and when the client has got the headers another. */
function later(work: () => Promise<unknown>): Observable<MessageEvent> {
  return concat(
    of({ data: 'begun' }),
    defer(() => stage.begun.pass()).pipe(
      concatMap(() => work()),
      concatMap((data) => of({ data: String(data) })),
    ),
  );
}

@Injectable()
class Events {
  constructor(protected readonly locks: RedisLockService) {}

  @Sse('service/:id')
  @UseInterceptors(spy)
  service(@Param('id') id: string): Observable<MessageEvent> {
    return later(() => this.locks.withLock(`order:${id}`, { wait: 0 }, () => 'ran'));
  }
}

@Controller()
class EventController extends Events {
  @Sse('decorated/:id')
  @WithLock('list:{params.id}')
  decorated(@Param('id') id: string): Observable<MessageEvent> {
    return this.service(id);
  }

  @Sse('early/:id')
  early(@Param('id') id: string): Observable<MessageEvent> {
    return throwError(() => new LockNotAcquiredError({ key: `order:${id}`, waitedMs: 1, retryAfterMs: 4_100 }));
  }

  @Sse('own')
  own(): Observable<MessageEvent> {
    return later(() => Promise.reject(new GoneException('its own')));
  }
}

describe.each(PLATFORMS)('what a stream of events throws, on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [EventController] });
  });

  afterEach(async () => {
    Object.assign(stage, { begun: new Checkpoint(), seen: [] });
    expect(await http.takenKeys()).toEqual([]);
  });

  afterAll(() => http.close());

  /** The whole stream; it goes on when its headers are there. */
  async function read(path: string): Promise<string> {
    const response = await fetch(`${http.url}/${path}`, { headers: { accept: 'text/event-stream' } });
    expect(response.status).toBe(200);
    stage.begun.open();
    return response.text();
  }

  it.each(['service', 'decorated'])(
    'N8 D3: is told by an event as it would be by an answer, without the key, when the stream has begun (%s)',
    async (path) => {
      const giveBack = await http.takeAsStranger('order:secret');
      const text = withoutLeak(await read(`${path}/secret`), 'order:', 'list:');
      await giveBack();
      expect(text).toMatch(/data: begun.*event: error\n.*in use by another request/s);
    },
  );

  it('N7: is seen by the interceptors of the handler as it was thrown', async () => {
    const giveBack = await http.takeAsStranger('order:secret');
    await read('service/secret');
    await giveBack();
    expect(stage.seen).toEqual([expect.any(LockNotAcquiredError)]);
    expect(stage.seen).toMatchObject([{ key: 'order:secret', name: 'LockNotAcquiredError' }]);
  });

  it('N8: is answered by the filter as long as nothing is sent', async () => {
    const response = await fetch(`${http.url}/early/secret`, { headers: { accept: 'text/event-stream' } });
    const body = withoutLeak(await response.json(), 'order:');
    expect([response.status, response.headers.get('retry-after'), body]).toMatchObject([
      409,
      '5',
      { code: 'LOCK_NOT_ACQUIRED' },
    ]);
  });

  it('N7: is as it was, if it is not of this package', async () => {
    expect(await read('own')).toMatch(/event: error\n.*its own/s);
  });
});
