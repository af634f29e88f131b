import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Param,
  ParseIntPipe,
  Post,
  Sse,
  StreamableFile,
  UseInterceptors,
  type CallHandler,
  type MessageEvent,
} from '@nestjs/common';
import { Readable } from 'node:stream';
import { CurrentLock, RedisLockService, WithLock, type Lock, type LockKeyContext } from 'nestjs-redis-lock';
import { catchError, concat, concatMap, defer, NEVER, of, retry, Subject, throwError, type Observable } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { openEvents } from '../support/server-sent-events.js';

interface Order {
  readonly id: number;
}

const stage = { work: new Checkpoint(), computed: 0, failures: 0, seen: [] as unknown[] };
let source = new Subject<unknown>();

const toOrder = { transform: (value: string): Order => ({ id: Number(value) }) };
const retrying = { intercept: (_: unknown, next: CallHandler) => next.handle().pipe(retry(2)) };
const seeing = {
  intercept: (_: unknown, next: CallHandler) =>
    next.handle().pipe(
      catchError((error: unknown) => {
        stage.seen.push(error);
        return throwError(() => error);
      }),
    ),
};
/** Goes on after the handler, beneath the lock, as a transaction does that commits. */
const committing = {
  intercept: (_: unknown, next: CallHandler) =>
    next.handle().pipe(
      concatMap(async (value) => {
        await stage.work.pass();
        return value as unknown;
      }),
    ),
};

function ofOrder({ args, params }: LockKeyContext<[Order]>): string {
  stage.computed += 1;
  return params.kind === 'raw' ? `raw:${params.id}` : `order:${args[0].id}`;
}

@Controller()
class OrderController {
  constructor(private readonly locks: RedisLockService) {}

  @Get('spend/:id')
  @WithLock('order:{0}')
  async spend(@Param('id', ParseIntPipe) id: number): Promise<object> {
    this.locks.assertLocked(`order:${id}`);
    await stage.work.pass();
    return { id };
  }

  @Get('once/:id')
  @WithLock('order:{0}', { wait: 0 })
  async once(@Param('id', ParseIntPipe) id: number): Promise<object> {
    await stage.work.pass();
    return { id };
  }

  @Get('skip/:id')
  @WithLock('order:{0}', { wait: 0, onBusy: 'skip' })
  async skip(@Param('id', ParseIntPipe) id: number): Promise<object> {
    return { id };
  }

  @Get('instead/:id')
  @WithLock('order:{0}', { wait: 0, onBusy: ({ args: [id] }: LockKeyContext) => of('first', `instead of ${id}`) })
  async instead(@Param('id', ParseIntPipe) _id: number): Promise<string> {
    return 'ran';
  }

  @Get('lock/:id')
  @WithLock('order:{1.id}')
  async lock(@CurrentLock() lock: Lock, @Param('id', toOrder) order: Order): Promise<object> {
    return { id: order.id, key: lock.key, isHeld: lock.isHeld, isSame: this.locks.current() === lock };
  }

  @Get('two/raw-above/:id')
  @WithLock('upper:{params.id}')
  @WithLock('lower:{0}')
  async rawAbove(@Param('id', ParseIntPipe) _id: number, @CurrentLock() lock: Lock): Promise<object> {
    return [lock.key, this.locks.current('upper:01')?.isHeld, this.locks.current('lower:1')?.isHeld];
  }

  @Get('two/raw-below/:id')
  @WithLock('upper:{0}')
  @WithLock('lower:{params.id}')
  async rawBelow(@Param('id', ParseIntPipe) _id: number, @CurrentLock() lock: Lock): Promise<object> {
    return [lock.key, this.locks.current('upper:1')?.isHeld, this.locks.current('lower:01')?.isHeld];
  }

  @Get('function/:kind/:id')
  @WithLock(ofOrder)
  async byFunction(@Param('id', toOrder) _order: Order): Promise<unknown> {
    return this.locks.current()?.key;
  }

  @Post('amount')
  @WithLock('{0.amount}')
  async amount(@Body() _body: { amount: string }): Promise<void> {}

  @Get('subject/:id')
  @WithLock('order:{0}')
  subject(@Param('id', ParseIntPipe) _id: number): Observable<unknown> {
    return source;
  }

  @Get('deferred/:id')
  @WithLock('order:{0}')
  deferred(@Param('id', ParseIntPipe) _id: number): Observable<unknown> {
    return defer(() => of(this.locks.current()?.key));
  }

  @Get('return/:id')
  @WithLock('order:{0}', { until: 'return' })
  untilReturn(@Param('id', ParseIntPipe) _id: number): Observable<unknown> {
    return source;
  }

  @Get('file/:id')
  @WithLock('order:{0}')
  async file(@Param('id', ParseIntPipe) _id: number): Promise<StreamableFile> {
    return new StreamableFile(Readable.from(this.chunks()));
  }

  @Sse('events/:id')
  @WithLock('order:{0}')
  events(@Param('id', ParseIntPipe) id: number): Observable<MessageEvent> {
    return concat(of({ data: { id } }), NEVER);
  }

  @Get('committed/:id')
  @UseInterceptors(committing)
  @WithLock('order:{0}')
  async committed(@Param('id', ParseIntPipe) id: number): Promise<object> {
    return { id };
  }

  @Get('retried/:id')
  @UseInterceptors(retrying)
  @WithLock('order:{0}')
  async retried(@Param('id', ParseIntPipe) id: number, @CurrentLock() lock: Lock): Promise<object> {
    stage.seen.push(lock.fencingToken);
    stage.failures -= 1;
    if (stage.failures >= 0) throw new Error('not yet');
    return { id };
  }

  @Get('seen/:id')
  @UseInterceptors(seeing)
  @WithLock('order:{0}', { wait: 0 })
  async seen(@Param('id', ParseIntPipe) id: number): Promise<object> {
    return { id };
  }

  private async *chunks(): AsyncGenerator<Buffer> {
    await stage.work.pass();
    yield Buffer.from('done');
  }
}

describe.each(PLATFORMS)('a handler whose key is made of its arguments, on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [OrderController] });
  });

  afterEach(async () => {
    await eventually(async () => (await http.takenKeys()).length === 0);
    source = new Subject();
    Object.assign(stage, { work: new Checkpoint(), computed: 0, failures: 0, seen: [] });
  });

  afterAll(() => http.close());

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${http.url}/${path}`, init);

  it('D2a N3: has one key for one thing, however a client spells it', async () => {
    const answers = ['1', '01', '001', '%31', '0001'].map(async (spelling) => (await get(`spend/${spelling}`)).json());
    await stage.work.arrived();
    await eventually(async () => (await http.locks.inspect('order:1'))?.waiting === 4);
    expect(await http.takenKeys()).toEqual(['order:1']);
    stage.work.open();
    expect(await Promise.all(answers)).toEqual(Array(5).fill({ id: 1 }));
    expect([stage.work.arrivals, stage.work.mostInside]).toEqual([5, 1]);
  });

  it('N6: takes no lock for a request that a pipe refuses', async () => {
    expect((await get('spend/one')).status).toBe(400);
    expect(await http.takenKeys()).toEqual([]);
  });

  it('N8 D4: answers busy, skips or puts something else in its place', async () => {
    const giveBack = await http.takeAsStranger('order:1');
    const busy = await get('once/01');
    expect([busy.status, await busy.json()]).toMatchObject([409, { code: 'LOCK_NOT_ACQUIRED' }]);
    expect(await (await get('skip/01')).text()).toBe('');
    expect(await (await get('instead/01')).text()).toBe('instead of 1');
    await giveBack();
    expect(await (await get('instead/01')).text()).toBe('ran');
  });

  it('N7: interceptors beneath the lock see that it was busy', async () => {
    const giveBack = await http.takeAsStranger('order:1');
    expect((await get('seen/1')).status).toBe(409);
    expect(stage.seen).toMatchObject([{ code: 'LOCK_NOT_ACQUIRED' }]);
    await giveBack();
  });

  it('D2b: answers 400 when an argument is missing', async () => {
    const response = await get('amount', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"sum":1}',
    });
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'LOCK_KEY' }]);
  });

  it('C2a: gets its lock from @CurrentLock(), though the parameters were there before it', async () => {
    expect(await (await get('lock/07')).json()).toEqual({ id: 7, key: 'order:7', isHeld: true, isSame: true });
  });

  it.each([
    { path: 'raw-above', answer: ['lower:1', true, true] },
    { path: 'raw-below', answer: ['lower:01', true, true] },
  ])('C2a: gets the lowest of its locks, whichever is taken first ($path)', async ({ path, answer }) => {
    expect(await (await get(`two/${path}/01`)).json()).toEqual(answer);
  });

  it.each([
    { kind: 'piped', key: 'order:7', computed: 2 },
    { kind: 'raw', key: 'raw:07', computed: 1 },
  ])(
    'D2: a key function that reads args is asked again after the pipes, any other once ($kind)',
    async ({ kind, key, computed }) => {
      expect(await (await get(`function/${kind}/07`)).text()).toBe(key);
      expect(stage.computed).toBe(computed);
    },
  );

  it('N5b: leaves the queue when the client goes away', async () => {
    const giveBack = await http.takeAsStranger('order:1');
    const client = new AbortController();
    const answer = get('spend/1', { signal: client.signal }).catch(() => 'aborted');
    await eventually(async () => (await http.locks.inspect('order:1'))?.waiting === 1);
    client.abort();
    expect(await answer).toBe('aborted');
    await eventually(async () => (await http.locks.inspect('order:1'))?.waiting === 0);
    await giveBack();
    expect(stage.work.arrivals).toBe(0);
  });

  it('N5c: is locked until its Observable has completed', async () => {
    const response = get('subject/01');
    await eventually(() => source.observed);
    source.next(1);
    expect(await http.takenKeys()).toEqual(['order:1']);
    source.next(2);
    source.complete();
    expect(await (await response).text()).toBe('2');
  });

  it('N5c: is locked until its Observable is unsubscribed, as Nest does when the client goes away', async () => {
    const client = new AbortController();
    const response = get('subject/1', { signal: client.signal }).catch(() => 'aborted');
    await eventually(() => source.observed);
    client.abort();
    expect(await response).toBe('aborted');
    await eventually(() => !source.observed);
  });

  it('C9: holds its lock in the context in which its Observable is subscribed', async () => {
    expect(await (await get('deferred/01')).text()).toBe('order:1');
  });

  it('N5c: until: return gives the lock back when the method has returned', async () => {
    const response = get('return/1');
    await eventually(() => source.observed);
    await eventually(async () => (await http.takenKeys()).length === 0);
    source.next('later');
    source.complete();
    expect(await (await response).text()).toBe('later');
  });

  it('N5c: is locked until its file was sent', async () => {
    const response = get('file/01').then((answer) => answer.text());
    await stage.work.arrived();
    expect(await http.takenKeys()).toEqual(['order:1']);
    stage.work.open();
    expect(await response).toBe('done');
  });

  it('N5c: is locked as long as a client listens to its events', async () => {
    const stream = await openEvents(`${http.url}/events/01`);
    await eventually(() => stream.events.length === 1);
    expect(await http.takenKeys()).toEqual(['order:1']);
    stream.close();
  });

  it('N5: is released after the interceptors beneath the lock, and before the answer', async () => {
    const response = get('committed/01');
    await stage.work.arrived();
    expect(await http.takenKeys()).toEqual(['order:1']);
    stage.work.open();
    expect(await (await response).json()).toEqual({ id: 1 });
    expect(await http.takenKeys()).toEqual([]);
  });

  it('N3d: has one lock for all calls of an interceptor beneath it that tries again', async () => {
    stage.failures = 2;
    expect(await (await get('retried/01')).json()).toEqual({ id: 1 });
    expect(stage.seen).toHaveLength(3);
    expect(new Set(stage.seen).size).toBe(1);
  });
});
