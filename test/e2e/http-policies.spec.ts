import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, ForbiddenException, Get, HttpCode, NotFoundException } from '@nestjs/common';
import { CurrentLock, WithLock, type Lock, type LockBusyContext } from 'nestjs-redis-lock';
import { of } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import type { RecordingLogger } from '../support/recording-logger.js';

const stage = { work: new Checkpoint() };
const runs: (Lock | undefined)[] = [];

function describeBusy({ error, params, target, transport, execution }: LockBusyContext): object {
  return { key: error.key, id: params.id, target, transport, handler: execution?.getHandler().name };
}

@Controller('busy/:id')
class BusyController {
  @Get('skip')
  @WithLock('{params.id}', { wait: 0, onBusy: 'skip' })
  async skip(): Promise<string> {
    runs.push(undefined);
    return 'ran';
  }

  @Get('instead')
  @HttpCode(202)
  @WithLock('{params.id}', { wait: 0, onBusy: describeBusy })
  async instead(): Promise<object> {
    return { ran: true };
  }

  @Get('later')
  @WithLock('{params.id}', { wait: 0, onBusy: async (context) => Promise.resolve(describeBusy(context)) })
  async later(): Promise<object> {
    return { ran: true };
  }

  @Get('forbid')
  @WithLock('{params.id}', {
    wait: 0,
    onBusy: () => {
      throw new ForbiddenException('not you');
    },
  })
  async forbid(): Promise<void> {}

  @Get('rethrow')
  @WithLock('{params.id}', {
    wait: 0,
    onBusy: ({ error }) => {
      throw error;
    },
  })
  async rethrow(): Promise<void> {}

  @Get('stream')
  @WithLock('{params.id}', { wait: 0, onBusy: () => of({ emitted: 1 }) })
  async stream(): Promise<void> {}
}

@Controller('broken')
class BrokenController {
  @Get('throw')
  @WithLock('broken', { wait: 0 })
  async throw(): Promise<void> {}

  @Get('skip')
  @WithLock('broken', { wait: 0, onBackendError: 'skip' })
  async skip(): Promise<string> {
    return 'ran';
  }

  @Get('run')
  @WithLock('broken', { wait: 0, onBackendError: 'run' })
  async run(@CurrentLock() lock: Lock | undefined): Promise<string> {
    runs.push(lock);
    return 'ran';
  }
}

@Controller('lost/:id')
class LosingController {
  @Get('continue')
  @WithLock('{params.id}')
  async continue(@CurrentLock() lock: Lock): Promise<object> {
    await stage.work.pass();
    return { isHeld: lock.isHeld, reason: lock.signal.reason.reason };
  }

  @Get('reject')
  @WithLock('{params.id}', { onLost: 'reject' })
  async reject(): Promise<string> {
    await stage.work.pass();
    return 'done';
  }

  @Get('fail')
  @WithLock('{params.id}', { onLost: 'reject' })
  async fail(): Promise<never> {
    await stage.work.pass();
    throw new NotFoundException('its own');
  }
}

describe.each(PLATFORMS)('what a decorator says of trouble, on $platform', ({ adapter }) => {
  let http: HttpApp;
  let broken: HttpApp;
  let log: RecordingLogger;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [BusyController, LosingController] });
    broken = await startHttpApp(adapter, {
      controllers: [BrokenController],
      lock: { connection: 'redis://127.0.0.1:1' },
    });
    // Loggers of Nest are those of the app that was made last.
    log = broken.log;
    await eventually(() => log.at('warn').length > 0);
  });

  afterEach(() => {
    runs.length = 0;
    stage.work = new Checkpoint();
  });

  afterAll(async () => {
    await http.close();
    await broken.close();
  });

  const get = ({ url }: HttpApp, path: string): Promise<Response> => fetch(`${url}/${path}`);

  async function getBusy(path: string): Promise<Response> {
    const giveBack = await http.takeAsStranger('taken');
    const response = await get(http, `busy/taken/${path}`);
    await giveBack();
    return response;
  }

  it('D4: onBusy skip answers without running the handler, and logs nothing', async () => {
    const before = log.at('warn', 'error').length;
    const response = await getBusy('skip');
    expect([response.status, await response.text(), runs]).toEqual([200, '', []]);
    expect(log.at('warn', 'error')).toHaveLength(before);
    expect(await (await get(http, 'busy/free/skip')).text()).toBe('ran');
  });

  it.each([
    { route: 'instead', status: 202 },
    { route: 'later', status: 200 },
  ])(
    'D4: the result of an onBusy function takes the place of that of the handler ($route)',
    async ({ route, status }) => {
      const response = await getBusy(route);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({
        key: 'taken',
        id: 'taken',
        target: `BusyController.${route}`,
        transport: 'http',
        handler: route,
      });
      expect(await (await get(http, `busy/free/${route}`)).json()).toEqual({ ran: true });
    },
  );

  it('D4: an Observable of an onBusy function is what one of the handler would be', async () => {
    expect(await (await getBusy('stream')).json()).toEqual({ emitted: 1 });
  });

  it('N8: an error of an onBusy function is the answer', async () => {
    const response = await getBusy('forbid');
    expect([response.status, await response.json()]).toMatchObject([403, { message: 'not you' }]);
    expect((await getBusy('rethrow')).status).toBe(409);
  });

  it('O1: onBackendError throw answers 503', async () => {
    const response = await get(broken, 'broken/throw');
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'LOCK_BACKEND' }]);
  });

  it('O1: onBackendError skip answers without running the handler', async () => {
    const response = await get(broken, 'broken/skip');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('O1: onBackendError run runs the handler without a lock, and warns', async () => {
    const response = await get(broken, 'broken/run');
    expect([response.status, await response.text(), runs]).toEqual([200, 'ran', [undefined]]);
    expect(log.at('warn').join('\n')).toMatch(/BrokenController\.run runs WITHOUT its lock/);
  });

  it.each([
    { route: 'continue', status: 200, body: { isHeld: false, reason: 'forced' } },
    { route: 'reject', status: 503, body: { code: 'LOCK_LOST' } },
    { route: 'fail', status: 404, body: { message: 'its own' } },
  ])('C2c: under onLost, a handler that lost its lock answers $status ($route)', async ({ route, status, body }) => {
    const answer = get(http, `lost/1/${route}`);
    await stage.work.arrived();
    const warned = log.at('warn').length;
    await http.locks.forceRelease('1');
    stage.work.open();
    expect([(await answer).status, await (await answer).json()]).toMatchObject([status, body]);
    expect(log.at('warn')).toHaveLength(warned + 1);
  });
});
