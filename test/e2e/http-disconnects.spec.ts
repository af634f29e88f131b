import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import {
  Controller,
  Get,
  Param,
  RequestTimeoutException,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { WithLock } from 'nestjs-redis-lock';
import { race, Subject, switchMap, throwError, type Observable } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';

const stage = { pipe: new Checkpoint(), work: new Checkpoint(), finished: 0, guarded: 0, timeUp: new Subject<void>() };

/** Stops all requests that wait, whoever sent them. */
const shutter = new AbortController();

/** What an interceptor with `timeout()` does, at the time that the test chooses. */
const impatient: NestInterceptor = {
  intercept: (_, next: CallHandler): Observable<unknown> =>
    race(next.handle(), stage.timeUp.pipe(switchMap(() => throwError(() => new RequestTimeoutException())))),
};

const slowPipe = {
  async transform(value: unknown): Promise<unknown> {
    await stage.pipe.pass();
    return value;
  },
};

/** Lets a request pass when its client is gone. */
const slowGuard = {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const response = context.switchToHttp().getResponse();
    stage.guarded += 1;
    await once(response.raw ?? response, 'close');
    stage.guarded += 1;
    return true;
  },
};

@Controller()
class SlowController {
  @Get('plain')
  @WithLock('it')
  async plain(): Promise<string> {
    return this.work();
  }

  @Get('stoppable')
  @WithLock('it', { signal: shutter.signal })
  async stoppable(): Promise<string> {
    return this.work();
  }

  @Get('slow-guard')
  @UseGuards(slowGuard)
  @WithLock('it')
  async slowGuard(): Promise<string> {
    return this.work();
  }

  @Get('impatient')
  @WithLock('it')
  @UseInterceptors(impatient)
  async impatient(): Promise<string> {
    return this.work();
  }

  @Get('slow-pipe/:id')
  @WithLock('it')
  @UseInterceptors(impatient)
  async slowPipe(@Param('id', slowPipe) _id: string): Promise<string> {
    return this.work();
  }

  private async work(): Promise<string> {
    await stage.work.pass();
    stage.finished += 1;
    return 'done';
  }
}

describe.each(PLATFORMS)('a caller that does not wait for the end, on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [SlowController] });
  });

  afterEach(async () => {
    stage.work.open();
    await eventually(async () => (await http.takenKeys()).length === 0);
    Object.assign(stage, {
      pipe: new Checkpoint(),
      work: new Checkpoint(),
      finished: 0,
      guarded: 0,
      timeUp: new Subject(),
    });
  });

  afterAll(() => http.close());

  const get = (path: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${http.url}/${path}`, { signal: signal ?? null });
  const waiting = async (): Promise<number | undefined> => (await http.locks.inspect('it'))?.waiting;

  it('N5b: leaves the queue when the client goes away, and acquires nothing', async () => {
    const giveBack = await http.takeAsStranger('it');
    const clients = Array.from({ length: 3 }, () => new AbortController());
    const responses = clients.map(({ signal }) => get('plain', signal).catch(() => 'aborted'));
    await eventually(async () => (await waiting()) === 3);
    for (const client of clients) client.abort();
    expect(await Promise.all(responses)).toEqual(['aborted', 'aborted', 'aborted']);
    await eventually(async () => (await waiting()) === 0);
    await giveBack();
    const lock = await http.locks.acquire('it');
    await lock.release();
    expect(await http.takenKeys()).toEqual([]);
    expect(stage.work.arrivals).toBe(0);
  });

  it('N5b: lets the next in the queue in when the client before it goes away', async () => {
    const giveBack = await http.takeAsStranger('it');
    const client = new AbortController();
    const first = get('plain', client.signal).catch(() => 'aborted');
    await eventually(async () => (await waiting()) === 1);
    const second = get('plain');
    await eventually(async () => (await waiting()) === 2);
    client.abort();
    expect(await first).toBe('aborted');
    await eventually(async () => (await waiting()) === 1);
    await giveBack();
    stage.work.open();
    expect((await second).status).toBe(200);
    expect(stage.finished).toBe(1);
  });

  it('N5b: takes no lock for a client that went away while its guard ran', async () => {
    const client = new AbortController();
    const response = get('slow-guard', client.signal).catch(() => 'aborted');
    await eventually(() => stage.guarded === 1);
    client.abort();
    expect(await response).toBe('aborted');
    await eventually(() => stage.guarded === 2);
    stage.work.open();
    expect(await (await get('plain')).text()).toBe('done');
    expect(stage.work.arrivals).toBe(1);
  });

  it('W6 N5b: leaves the queue when the client goes away although the decorator has a signal of its own', async () => {
    const giveBack = await http.takeAsStranger('it');
    const client = new AbortController();
    const [gone, patient] = [get('stoppable', client.signal).catch(() => 'aborted'), get('stoppable')];
    await eventually(async () => (await waiting()) === 2);
    client.abort();
    expect(await gone).toBe('aborted');
    await eventually(async () => (await waiting()) === 1);
    await giveBack();
    stage.work.open();
    expect(await (await patient).text()).toBe('done');
    expect(stage.work.arrivals).toBe(1);
  });

  it('N5b: leaves no key behind whenever the client goes away', async () => {
    stage.work.open();
    const clients = Array.from({ length: 40 }, () => new AbortController());
    const responses = clients.map(({ signal }) => get('plain', signal).catch(() => 'aborted'));
    for (const client of clients) {
      await new Promise(setImmediate);
      client.abort();
    }
    await Promise.all(responses);
    await eventually(async () => (await http.takenKeys()).length === 0);
    expect(stage.finished).toBe(stage.work.arrivals);
    expect(stage.work.mostInside).toBeLessThanOrEqual(1);
  });

  it('N5b: leaves the queue when an outer interceptor unsubscribes', async () => {
    const giveBack = await http.takeAsStranger('it');
    const response = get('impatient');
    await eventually(async () => (await waiting()) === 1);
    stage.timeUp.next();
    expect((await response).status).toBe(408);
    await eventually(async () => (await waiting()) === 0);
    await giveBack();
    expect(stage.work.arrivals).toBe(0);
  });

  it('N5d: holds the lock until the handler has finished when the client goes away', async () => {
    const client = new AbortController();
    const response = get('plain', client.signal).catch(() => 'aborted');
    await stage.work.arrived();
    client.abort();
    expect(await response).toBe('aborted');
    const second = get('plain');
    await eventually(async () => (await waiting()) === 1);
    expect(stage.work.mostInside).toBe(1);
    stage.work.letOne();
    await stage.work.arrived(2);
    expect(stage.finished).toBe(1);
    stage.work.open();
    expect((await second).status).toBe(200);
  });

  it('N5a: holds the lock until the handler has finished when an outer interceptor unsubscribes', async () => {
    const response = get('impatient');
    await stage.work.arrived();
    stage.timeUp.next();
    expect((await response).status).toBe(408);
    const second = get('plain');
    await eventually(async () => (await waiting()) === 1);
    expect([stage.work.inside, stage.finished]).toEqual([1, 0]);
    stage.work.letOne();
    await stage.work.arrived(2);
    expect(stage.finished).toBe(1);
    stage.work.open();
    expect((await second).status).toBe(200);
    expect(stage.work.mostInside).toBe(1);
  });

  it('N5a: does not begin a handler without the lock after an outer interceptor unsubscribed', async () => {
    const response = get('slow-pipe/1');
    await stage.pipe.arrived();
    stage.timeUp.next();
    expect((await response).status).toBe(408);
    await eventually(async () => (await http.takenKeys()).length === 0);
    stage.pipe.open();
    stage.work.open();
    expect(await (await get('plain')).text()).toBe('done');
    expect([stage.work.arrivals, stage.finished]).toEqual([1, 1]);
  });
});

describe('a signal of the decorator', () => {
  it('W6: stops those that wait with its reason, and those that come later', async () => {
    const http = await startHttpApp(PLATFORMS[0]!.adapter, { controllers: [SlowController] });
    const giveBack = await http.takeAsStranger('it');
    const waits = fetch(`${http.url}/stoppable`);
    await eventually(async () => (await http.locks.inspect('it'))?.waiting === 1);
    shutter.abort(new RequestTimeoutException('shut'));
    expect((await waits).status).toBe(408);
    await giveBack();
    expect((await fetch(`${http.url}/stoppable`)).status).toBe(408);
    expect(await http.takenKeys()).toEqual([]);
    await http.close();
  });
});
