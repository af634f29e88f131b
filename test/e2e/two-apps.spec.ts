import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { CurrentLock, LockClosedError, RedisLockService, WithLock, type Lock } from 'nestjs-redis-lock';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';
import { uniqueKey } from '../support/unique-key.js';

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
