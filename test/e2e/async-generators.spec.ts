import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GoneException, Injectable } from '@nestjs/common';
import { RedisLockService, WithLock } from 'nestjs-redis-lock';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { rejection } from '../support/watch.js';

const failure = new GoneException('its own');
const stage = { cleanedUp: 0, caught: undefined as unknown };

@Injectable()
class Rows {
  constructor(private readonly locks: RedisLockService) {}

  @WithLock('rows:{0}', { wait: 0 })
  async *read(name: string): AsyncGenerator<string, string, number | undefined> {
    try {
      const sent = yield `${name} under ${this.locks.current()?.key}`;
      yield `${sent} under ${this.locks.current()?.key}`;
    } catch (error) {
      stage.caught = error;
      yield `after an error under ${this.locks.current()?.key}`;
    } finally {
      stage.cleanedUp += 1;
    }
    return 'the end';
  }

  @WithLock('rows:fail')
  async *fail(): AsyncGenerator<string> {
    yield await Promise.resolve('one');
    throw failure;
  }

  @WithLock('rows:skip', { wait: 0, onBusy: 'skip' })
  async *skip(): AsyncGenerator<string> {
    yield await Promise.resolve('ran');
  }

  @WithLock('rows:instead', {
    wait: 0,
    async *onBusy() {
      yield await Promise.resolve('instead');
    },
  })
  async *instead(): AsyncGenerator<string> {
    yield await Promise.resolve('ran');
  }

  @WithLock('rows:reject', { onLost: 'reject' })
  async *reject(): AsyncGenerator<number> {
    try {
      for (let row = 0; ; row += 1) yield await Promise.resolve(row);
    } finally {
      stage.cleanedUp += 1;
    }
  }

  @WithLock('outer')
  @WithLock('inner')
  async *two(): AsyncGenerator<boolean> {
    yield await Promise.resolve(
      this.locks.current('outer')?.isHeld === true && this.locks.current('inner')?.isHeld === true,
    );
  }
}

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const row of rows) values.push(row);
  return values;
}

describe('an async generator of a provider under @WithLock()', () => {
  let nest: NestContext;
  let rows: Rows;

  beforeAll(async () => {
    nest = await startContext({ providers: [Rows], lock: { shutdownGrace: 0 } });
    rows = nest.app.get(Rows);
  });

  beforeEach(() => {
    Object.assign(stage, { cleanedUp: 0, caught: undefined });
  });

  afterEach(async () => {
    for (const key of ['rows:a', 'rows:reject', 'outer', 'inner'])
      await eventually(async () => (await nest.locks.inspect(key)) === null);
  });

  afterAll(() => nest.app.close());

  const isTaken = async (key: string): Promise<boolean> => (await nest.locks.inspect(key)) !== null;

  it('N5c: holds the lock from the first value to the last, and passes on what is sent and returned', async () => {
    const iteration = rows.read('a');
    expect(await isTaken('rows:a')).toBe(false);
    expect(await iteration.next(0)).toEqual({ done: false, value: 'a under rows:a' });
    expect(await isTaken('rows:a')).toBe(true);
    expect(nest.locks.current()).toBeUndefined();
    expect(await iteration.next(7)).toEqual({ done: false, value: '7 under rows:a' });
    expect(await isTaken('rows:a')).toBe(true);
    expect(await iteration.next(0)).toEqual({ done: true, value: 'the end' });
    expect(await isTaken('rows:a')).toBe(false);
  });

  it('N5c: gives the lock back when the iteration is given up, after the method has cleaned up', async () => {
    for await (const row of rows.read('a')) {
      expect(await isTaken('rows:a')).toBe(true);
      if (row !== '') break;
    }
    expect([stage.cleanedUp, await isTaken('rows:a')]).toEqual([1, false]);
  });

  it('N5c: takes no lock when it is given up before it began', async () => {
    const iteration = rows.read('a');
    expect(await iteration.return('early')).toEqual({ done: true, value: 'early' });
    expect(await iteration.next(0)).toEqual({ done: true, value: undefined });
    expect(stage.cleanedUp).toBe(0);
  });

  it('N7: passes errors in and out, the same instance', async () => {
    expect(await rejection(all(rows.fail()))).toBe(failure);
    const iteration = rows.read('a');
    await iteration.next(0);
    expect(await iteration.throw(failure)).toEqual({ done: false, value: 'after an error under rows:a' });
    expect(stage.caught).toBe(failure);
    await iteration.next(0);
  });

  it('D4: throws, skips or puts something else in its place when the lock is busy', async () => {
    const busy = await nest.locks.acquire(['rows:a', 'rows:skip', 'rows:instead']);
    expect(await rejection(all(rows.read('a')))).toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
    expect(await all(rows.skip())).toEqual([]);
    expect(await all(rows.instead())).toEqual(['instead']);
    await busy.release();
    expect([await all(rows.skip()), await all(rows.instead())]).toEqual([['ran'], ['ran']]);
  });

  it('C2c: ends with LockLostError at the next value when the lock was lost, if it is told to', async () => {
    const iteration = rows.reject();
    expect(await iteration.next()).toEqual({ done: false, value: 0 });
    await nest.locks.forceRelease('rows:reject');
    expect(await rejection(iteration.next())).toMatchObject({ code: 'LOCK_LOST' });
    expect(stage.cleanedUp).toBe(1);
    expect(await iteration.next()).toEqual({ done: true, value: undefined });
  });

  it('N3a: holds all of several locks', async () => {
    expect(await all(rows.two())).toEqual([true]);
  });
});
