import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  NotFoundException,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import {
  CurrentLock,
  LockKeyError,
  LockLostError,
  LockNotAcquiredError,
  RedisLockError,
  WithLock,
  type Lock,
} from 'nestjs-redis-lock';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { withoutLeak } from '../support/leaks.js';

const SECRET = 'mary@example.org';
const stage = { work: new Checkpoint() };
const caught: unknown[] = [];
const failure = Object.assign(new NotFoundException('no such order'), { extra: 1 });

class RecordingFilter implements ExceptionFilter {
  catch(error: any, host: ArgumentsHost): void {
    caught.push(error);
    const response = host.switchToHttp().getResponse();
    const code = response.status(418);
    (code.send as (body: unknown) => void).call(code, {
      caught: error.code,
      waitedMs: error.waitedMs,
      retryAfterMs: error.retryAfterMs,
    });
  }
}

@Catch(LockNotAcquiredError)
class BusyFilter extends RecordingFilter {}

@Catch(LockLostError)
class LostFilter extends RecordingFilter {}

@Catch(RedisLockError)
class AnyLockFilter extends RecordingFilter {}

@Catch(HttpException)
class HttpFilter extends RecordingFilter {}

@Catch()
class CatchAllFilter extends RecordingFilter {}

@Controller()
class FailingController {
  @Get('plain/:id')
  @WithLock('{params.id}', { wait: 0 })
  async plain(): Promise<string> {
    await stage.work.pass();
    return 'done';
  }

  @Get('lost/:id')
  @WithLock('{params.id}', { onLost: 'reject' })
  async lost(@CurrentLock() lock: Lock): Promise<string> {
    await stage.work.pass();
    return String(lock.isHeld);
  }

  @Get('throws/:id')
  @WithLock('{params.id}')
  async throws(): Promise<never> {
    throw failure;
  }

  @Get('missing')
  @WithLock('order:{query.id}')
  async missing(): Promise<void> {}

  @Get('nested/:id')
  @WithLock('{params.id}')
  async nested(): Promise<void> {
    await this.plainCall();
  }

  @WithLock(({ transport }) => (transport === 'call' ? SECRET : 'other'))
  async plainCall(): Promise<void> {}
}

const FILTERS = [BusyFilter, AnyLockFilter, HttpFilter, CatchAllFilter, LostFilter];

/** A route for each filter, busy and failing. */
const FilteredControllers = FILTERS.map((filter) => {
  @Controller(filter.name)
  @UseFilters(filter)
  class FilteredController {
    @Get('busy/:id')
    @WithLock('{params.id}', { wait: 0 })
    async busy(): Promise<void> {}

    @Get('throws/:id')
    @WithLock('{params.id}')
    async throws(): Promise<never> {
      throw failure;
    }
  }
  return FilteredController;
});

describe.each(PLATFORMS)('errors on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, {
      controllers: [FailingController, ...FilteredControllers],
      lock: { maxWaiters: 1 },
    });
  });

  afterEach(() => {
    stage.work = new Checkpoint();
    caught.length = 0;
  });

  afterAll(() => http.close());

  const get = (path: string): Promise<Response> => fetch(`${http.url}/${path}`);

  it('N8: answers 409 with Retry-After when it is known how long the holds of the key last', async () => {
    const holder = await http.locks.acquire('known');
    const second = http.locks.acquire('known');
    await eventually(async () => (await http.locks.inspect('known'))?.waiting === 1);
    await holder.release();
    const lock = await second;
    const response = await get('plain/known');
    await lock.release();
    // Not the rest of a lease of half a minute.
    expect([response.status, Number(response.headers.get('retry-after'))]).toEqual([409, expect.closeTo(1, -1)]);
    expect(await response.json()).toMatchObject({ statusCode: 409, error: 'Conflict', code: 'LOCK_NOT_ACQUIRED' });
  });

  it.each([4_500, Infinity])(
    'N8: answers 409 without Retry-After when nobody knows how long the holder takes (expiry %d)',
    async (expiry) => {
      const giveBack = await http.takeAsStranger('stranger', expiry);
      const response = await get('plain/stranger');
      await giveBack();
      expect([response.status, response.headers.get('retry-after')]).toEqual([409, null]);
    },
  );

  it('N8: answers 503 when too many wait', async () => {
    const lock = await http.locks.acquire('full');
    const patient = get('throws/full');
    await eventually(async () => (await http.locks.inspect('full'))?.waiting === 1);
    const response = await get('throws/full');
    await lock.release();
    await patient;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'LOCK_QUEUE_FULL' });
  });

  it('N8: answers 400 when the request lacks what names the key', async () => {
    for (const query of ['', '?id=', '?id[a]=1', '?id=1&id=2']) {
      const response = await get(`missing${query}`);
      expect([query, response.status]).toEqual([query, 400]);
      expect(await response.json()).toMatchObject({ code: 'LOCK_KEY' });
    }
  });

  it('C2c: answers 503 when the lock was lost under onLost: reject', async () => {
    const response = get('lost/gone');
    await stage.work.arrived();
    await http.locks.forceRelease('gone');
    stage.work.open();
    expect((await response).status).toBe(503);
    expect(await (await response).json()).toMatchObject({ code: 'LOCK_LOST' });
  });

  it('N7: leaves the errors of the handler as they are', async () => {
    const response = await get('throws/1');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ message: 'no such order' });
    expect((await get('CatchAllFilter/throws/1')).status).toBe(418);
    expect((await get('HttpFilter/throws/1')).status).toBe(418);
    expect(caught[0]).toBe(failure);
    expect(caught[1]).toBe(failure);
    expect((await get('BusyFilter/throws/1')).status).toBe(404);
  });

  it.each([BusyFilter, AnyLockFilter, HttpFilter, CatchAllFilter].map(({ name }) => name))(
    'N8: an exception filter overrides it: %s',
    async (name) => {
      const giveBack = await http.takeAsStranger('filtered', 20_000);
      const response = await get(`${name}/busy/filtered`);
      await giveBack();
      expect(response.status).toBe(418);
      expect(await response.json()).toEqual({ caught: 'LOCK_NOT_ACQUIRED', waitedMs: expect.any(Number) });
      const [error] = caught as [LockNotAcquiredError];
      expect([
        error instanceof LockNotAcquiredError,
        error instanceof HttpException,
        error instanceof LockKeyError,
      ]).toEqual([true, true, false]);
      expect(error.key).toBe('filtered');
      withoutLeak(JSON.stringify(error), 'filtered');
      expect(error.cause).toBeInstanceOf(LockNotAcquiredError);
    },
  );

  it('N8: a filter for another error of ours is not asked', async () => {
    const giveBack = await http.takeAsStranger('other', 20_000);
    expect((await get('LostFilter/busy/other')).status).toBe(409);
    await giveBack();
    expect(caught).toEqual([]);
  });

  it.each([
    { what: 'busy', path: 'plain', status: 409 },
    { what: 'lost', path: 'lost', status: 503 },
    { what: 'nested in itself', path: 'nested', status: 500 },
  ])('D3: no body or header bears the key or the token when the lock is $what', async ({ what, path, status }) => {
    const giveBack = what === 'busy' ? await http.takeAsStranger(SECRET) : undefined;
    const answer = get(`${path}/${SECRET}`);
    if (what === 'lost') {
      await stage.work.arrived();
      await http.locks.forceRelease(SECRET);
      stage.work.open();
    }
    const response = await answer;
    expect(response.status).toBe(status);
    withoutLeak([...response.headers, await response.text()], 'mary', 'example');
    await giveBack?.();
  });
});

@Controller('keys')
class KeyController {
  @Get()
  @WithLock('order:{query.id}')
  async order(): Promise<void> {}
}

it('N8 D2: a handler without its key tells the log which part was missing, and the client nothing of it', async () => {
  const http = await startHttpApp(() => new ExpressAdapter(), { controllers: [KeyController] });
  const response = await fetch(`${http.url}/keys`);
  expect(response.status).toBe(400);
  expect(await response.text()).not.toContain('query.id');
  expect(http.log.at('debug')).toContainEqual(
    expect.stringMatching(/\{query\.id\} of the key of KeyController\.order is undefined/u),
  );
  await http.close();
});
