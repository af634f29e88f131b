import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import {
  CurrentLock,
  LockClosedError,
  RedisLockOptionsError,
  RedisLockService,
  WithLock,
  type Lock,
} from 'nestjs-redis-lock';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { uniqueKey } from '../support/unique-key.js';
import { rejection } from '../support/watch.js';

const stage = { work: new Checkpoint() };

@Injectable()
class WorkService {
  constructor(private readonly locks: RedisLockService) {}

  @WithLock('it')
  async run(): Promise<number | undefined> {
    return this.locks.current('it')?.fencingToken;
  }
}

@Controller()
class WorkController {
  @Get()
  @WithLock('it')
  async work(@CurrentLock() lock: Lock): Promise<object> {
    await stage.work.pass();
    return { isHeld: lock.isHeld };
  }
}

describe.each(PLATFORMS)('two apps in one process, on $platform', ({ adapter }) => {
  let apps: HttpApp[] = [];
  const metadata = { controllers: [WorkController], providers: [WorkService] };

  beforeEach(() => {
    stage.work = new Checkpoint();
  });

  afterEach(async () => {
    stage.work.open();
    await Promise.all(apps.map((app) => app.close()));
  });

  it('N3: do not mix when each has its own locks', async () => {
    const [first, second] = (apps = [await startHttpApp(adapter, metadata), await startHttpApp(adapter, metadata)]) as [
      HttpApp,
      HttpApp,
    ];
    const responses = [fetch(first.url), fetch(second.url)];
    await stage.work.arrived(2);
    expect(stage.work.mostInside).toBe(2);
    stage.work.open();
    for (const response of responses) expect(await (await response).json()).toEqual({ isHeld: true });
    // Under the lock of one, that of the other is another.
    await first.locks.withLock('it', async (lock) => {
      expect(second.locks.current()).toBeUndefined();
      expect(await second.app.get(WorkService).run()).not.toBe(lock.fencingToken);
    });
    await first.app.close();
    await expect(first.locks.acquire('it')).rejects.toThrow(LockClosedError);
    await expect(first.app.get(WorkService).run()).rejects.toThrow(LockClosedError);
    expect(await second.app.get(WorkService).run()).toBeGreaterThan(0);
    expect((await fetch(second.url)).status).toBe(200);
  });

  it('N3: exclude one another when they share their locks, as two processes do', async () => {
    const lock = { keyPrefix: uniqueKey('shared') };
    const [first, second] = (apps = [
      await startHttpApp(adapter, { ...metadata, lock }),
      await startHttpApp(adapter, { ...metadata, lock }),
    ]) as [HttpApp, HttpApp];
    const responses = [fetch(first.url)];
    await stage.work.arrived();
    responses.push(fetch(second.url));
    await eventually(async () => (await second.locks.inspect('it'))?.waiting === 1);
    expect(stage.work.arrivals).toBe(1);
    stage.work.open();
    for (const response of responses) expect((await response).status).toBe(200);
    expect(stage.work.mostInside).toBe(1);
  });
});

class Reports {
  locks: RedisLockService | undefined;

  @WithLock('report')
  async build(): Promise<string | undefined> {
    return this.locks?.current()?.key;
  }
}

describe('instances that Nest did not make, with two apps in one process', () => {
  let apps: NestContext[] = [];

  const start = async (useFactory: () => Reports): Promise<NestContext> => {
    const nest = await startContext({ providers: [{ provide: Reports, useFactory }] });
    apps.push(nest);
    return nest;
  };

  afterEach(async () => {
    await Promise.all(apps.map(({ app }) => app.close()));
    apps = [];
  });

  it('N3: are locked in the app whose provider they are, also when it is closed', async () => {
    const [first, second] = [await start(() => new Reports()), await start(() => new Reports())];
    for (const nest of [first, second]) {
      const reports = nest.app.get(Reports);
      reports.locks = nest.locks;
      expect(await reports.build()).toBe('report');
    }
    await first.app.close();
    await expect(first.app.get(Reports).build()).rejects.toThrow(LockClosedError);
    expect(await second.app.get(Reports).build()).toBe('report');
  });

  it('N3: are refused when both apps have them, or none, until one is closed', async () => {
    const [shared, strange] = [new Reports(), new Reports()];
    const [first, second] = [await start(() => shared), await start(() => shared)];
    for (const reports of [shared, strange]) {
      const error = await rejection(reports.build());
      expect(error).toBeInstanceOf(RedisLockOptionsError);
      expect(String(error)).toMatch(/there in 2 apps of this process.*Reports\.build.*let Nest make the instance/u);
    }
    await first.app.close();
    for (const reports of [shared, strange]) {
      reports.locks = second.locks;
      expect(await reports.build()).toBe('report');
    }
  });
});
