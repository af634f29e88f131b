import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, HttpException, Sse, type MessageEvent } from '@nestjs/common';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { concat, defer, EMPTY, from, NEVER, of, Subject, throwError, type Observable } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { openEvents } from '../support/server-sent-events.js';

const stage = { work: new Checkpoint(), keys: [] as (string | undefined)[], subscriptions: 0 };
let source = new Subject<unknown>();
const failure = new HttpException('gone', 410);

@Controller()
class ObservableController {
  constructor(private readonly locks: RedisLockService) {}

  @Get('subject')
  @WithLock('it')
  subject(): Observable<unknown> {
    return source;
  }

  @Get('promised')
  @WithLock('it')
  async promised(): Promise<Observable<unknown>> {
    return source;
  }

  @Get('return')
  @WithLock('it', { until: 'return' })
  async untilReturn(): Promise<Observable<unknown>> {
    await stage.work.pass();
    return source;
  }

  @Get('empty')
  @WithLock('it')
  empty(): Observable<unknown> {
    return EMPTY;
  }

  @Get('many')
  @WithLock('it')
  many(): Observable<number> {
    return defer(() => {
      stage.keys.push(this.locks.current()?.key);
      return from([1, 2, 3]);
    });
  }

  @Get('error')
  @WithLock('it')
  error(): Observable<never> {
    return throwError(() => failure);
  }

  @Get('late-error')
  @WithLock('it')
  lateError(): Observable<unknown> {
    return concat(
      of(1),
      throwError(() => failure),
    );
  }

  @Sse('events')
  @WithLock('it', { wait: 0 })
  events(): Observable<MessageEvent> {
    stage.subscriptions += 1;
    return concat(of({ data: { hello: 1 } }), NEVER);
  }
}

@Controller()
class PatientController {
  @Sse('patient-events')
  @WithLock('it')
  events(): Observable<MessageEvent> {
    stage.subscriptions += 1;
    return NEVER;
  }
}

describe.each(PLATFORMS)('a handler that returns an Observable on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [ObservableController, PatientController] });
  });

  afterEach(async () => {
    expect(await http.takenKeys()).toEqual([]);
    source = new Subject();
    Object.assign(stage, { work: new Checkpoint(), keys: [], subscriptions: 0 });
  });

  afterAll(() => http.close());

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${http.url}/${path}`, init);
  const observed = (): Promise<unknown> => eventually(() => source.observed);

  it.each(['subject', 'promised'])('N5c: is locked until the Observable has completed (%s)', async (path) => {
    const response = get(path);
    await observed();
    source.next(1);
    source.next(2);
    expect(await http.takenKeys()).toEqual(['it']);
    source.complete();
    expect(await (await response).text()).toBe('2');
  });

  it.each(['subject', 'promised'])('N5c: is locked until the Observable has failed (%s)', async (path) => {
    const response = get(path);
    await observed();
    expect(await http.takenKeys()).toEqual(['it']);
    source.error(failure);
    expect((await response).status).toBe(410);
  });

  it.each(['subject', 'promised'])(
    'N5c: is locked until the Observable is unsubscribed, as Nest does when the client goes away (%s)',
    async (path) => {
      const abort = new AbortController();
      const response = get(path, { signal: abort.signal }).catch(() => 'aborted');
      await observed();
      abort.abort();
      expect(await response).toBe('aborted');
      await eventually(() => !source.observed);
      await eventually(async () => (await http.takenKeys()).length === 0);
    },
  );

  it('N5c: until: return gives the lock back when the method has returned', async () => {
    const response = get('return');
    await stage.work.arrived();
    expect(await http.takenKeys()).toEqual(['it']);
    stage.work.open();
    await observed();
    await eventually(async () => (await http.takenKeys()).length === 0);
    source.next('later');
    source.complete();
    expect(await (await response).text()).toBe('later');
  });

  it('N5c: releases after an Observable that emits nothing', async () => {
    const plain = await get('empty');
    expect(await http.takenKeys()).toEqual([]);
    expect(plain.status).toBe(500); // Nest's own answer to it.
  });

  it.each(['error', 'late-error'])('N7: passes the error of the Observable on (%s)', async (path) => {
    const response = await get(path);
    expect([response.status, await response.json()]).toMatchObject([410, { message: 'gone' }]);
  });

  it('C9: holds its lock in the context in which the Observable is subscribed', async () => {
    expect(await (await get('many')).text()).toBe('3');
    expect(stage.keys).toEqual(['it']);
  });

  it('N5c: holds its lock as long as a client listens to its events', async () => {
    const stream = await openEvents(`${http.url}/events`);
    await eventually(() => stream.events.length === 1);
    expect(await http.takenKeys()).toEqual(['it']);
    const busy = await get('events');
    expect(busy.status).toBe(409);
    expect(await busy.json()).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
    stream.close();
    await eventually(async () => (await http.takenKeys()).length === 0);
    expect(stage.subscriptions).toBe(1);
  });

  it('N5b: leaves the queue when the client that waits for its events goes away', async () => {
    const giveBack = await http.takeAsStranger('it');
    const client = new AbortController();
    // Nest sends the head of the answer before it knows whether there will be events: the client may have it already.
    const answer = get('patient-events', { signal: client.signal })
      .then((response) => response.text())
      .catch(() => 'aborted');
    await eventually(async () => (await http.locks.inspect('it'))?.waiting === 1);
    client.abort();
    expect(await answer).toBe('aborted');
    await eventually(async () => (await http.locks.inspect('it'))?.waiting === 0);
    await giveBack();
    expect(stage.subscriptions).toBe(0);
  });
});
