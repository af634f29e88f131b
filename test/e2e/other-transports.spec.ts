import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, NotFoundException } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import {
  CurrentLock,
  LockKeyError,
  LockNotAcquiredError,
  WithLock,
  type Lock,
  type RedisLockError,
} from 'nestjs-redis-lock';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { PATIENCE_MS } from '../support/patience.mjs';

const stage = { work: new Checkpoint() };
const failure = new NotFoundException('its own');

@Injectable()
class Handlers {
  @WithLock('order:{data.id}', { wait: 5_000 })
  async data(): Promise<string> {
    await stage.work.pass();
    return 'done';
  }

  @WithLock('order:{args.id}', { wait: 5_000 })
  async args(): Promise<string> {
    await stage.work.pass();
    return 'done';
  }

  @WithLock((ctx) => `${ctx.target}:${ctx.transport}:${(ctx.data ?? ctx.args[1]).id}`, { wait: 0 })
  async byFunction(
    _first?: unknown,
    _second?: { id: unknown },
    @CurrentLock() lock?: Lock,
  ): Promise<string | undefined> {
    return Promise.resolve(lock?.key);
  }

  @WithLock(({ args }) => `of ${args.length > 0}:secret`, { wait: 0 })
  async late(_first?: unknown, _second?: unknown, @CurrentLock() lock?: Lock): Promise<string | undefined> {
    return Promise.resolve(lock?.key);
  }

  @WithLock('job:{0.id}', { wait: 0 })
  async job(job: { id: number }): Promise<number> {
    return Promise.resolve(job.id);
  }

  @WithLock('static')
  async static(): Promise<string> {
    return Promise.resolve('done');
  }

  @WithLock('generator')
  async *generator(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
  }

  @WithLock('throws')
  async throws(): Promise<never> {
    throw failure;
  }
}

/** How Nest's packages for each transport call a handler: with these arguments, in a context of this type. */
const TRANSPORTS = [
  { transport: 'rpc', method: 'data', args: (id: unknown) => [{ id }, { context: true }] },
  { transport: 'ws', method: 'data', args: (id: unknown) => [{ client: true }, { id }] },
  { transport: 'graphql', method: 'args', args: (id: unknown) => [undefined, { id }, { req: {} }, {}] },
] as const;

function callAs(type: string, { app }: NestContext, name: keyof Handlers, args: readonly unknown[]): Promise<unknown> {
  const handlers = app.get(Handlers);
  const callback = handlers[name] as (...args: unknown[]) => unknown;
  const enhancers = { interceptors: true, guards: true, filters: false };
  const handler = app
    .get(ExternalContextCreator)
    .create(handlers, callback, name, undefined, undefined, undefined, undefined, enhancers, type);
  return handler(...args) as Promise<unknown>;
}

describe.each(TRANSPORTS)('a handler by $transport', ({ transport, method, args }) => {
  let nest: NestContext;

  beforeAll(async () => {
    nest = await startContext({ providers: [Handlers] });
  });

  afterEach(() => {
    stage.work = new Checkpoint();
  });

  afterAll(() => nest.app.close());

  const call = (name: keyof Handlers, id: unknown): Promise<unknown> => callAs(transport, nest, name, args(id));

  it('D2c: is locked by the key of its message', async () => {
    const calls = [call(method, '1'), call(method, '1'), call(method, '2')];
    await eventually(async () => (await nest.locks.inspect('order:1'))?.waiting === 1);
    await stage.work.arrived(2);
    expect(stage.work.arrivals).toBe(2);
    stage.work.open();
    expect(await Promise.all(calls)).toEqual(['done', 'done', 'done']);
    expect(stage.work.mostInside).toBe(2);
  });

  it('D2a: tells a key function of the call', async () => {
    const lock = await nest.locks.acquire(`Handlers.byFunction:${transport}:1`);
    await expect(call('byFunction', '1')).rejects.toThrow();
    await lock.release();
    await expect(call('byFunction', '1')).resolves.not.toThrow();
  });

  it('D2a C2a: takes the lock with the arguments of the method for a key function that reads them', async () => {
    expect(await call('late', '1')).toBe('of true:secret');
  });

  it.each([undefined, null, '', {}])('D2b: has no key when its part is %p', async (id) => {
    await expect(call(method, id)).rejects.toBeInstanceOf(LockKeyError);
    expect(stage.work.arrivals).toBe(0);
  });

  it('N7: leaves the error of the handler as it is', async () => {
    await expect(call('throws', '1')).rejects.toBe(failure);
  });

  it.each<['byFunction' | 'late', string]>([
    ['byFunction', `Handlers.byFunction:${transport}:secret`],
    ['late', 'of true:secret'],
  ])('N8 D3: tells the client that it is busy by the code, and not by the key (%s)', async (handler, key) => {
    const lock = await nest.locks.acquire(key);
    const error = (await call(handler, 'secret').catch((reason: unknown) => reason)) as RedisLockError;
    await lock.release();
    expect(error).toBeInstanceOf(LockNotAcquiredError);
    expect(error.code).toBe('LOCK_NOT_ACQUIRED');
    // What such a transport puts into its answer.
    expect(error.message).not.toContain('secret');
  });
});

describe.each(['http', 'job'])('a handler that a package calls in a context of type %s, without a server', (type) => {
  let nest: NestContext;

  beforeAll(async () => {
    nest = await startContext({ providers: [Handlers] });
  });

  afterAll(() => nest.app.close());

  it('C3 N3: is told that it is busy', async () => {
    const held = await nest.locks.acquire('Handlers.byFunction:call:1');
    const outcome = await Promise.race([
      callAs(type, nest, 'byFunction', [{}, { id: '1' }]).catch((error: unknown) => error),
      sleep(PATIENCE_MS, undefined, { ref: false }),
    ]);
    await held.release();
    expect(outcome).toBeInstanceOf(LockNotAcquiredError);
  });

  it('D2a: is locked by the key of its arguments', async () => {
    const held = await nest.locks.acquire('job:1');
    await expect(callAs(type, nest, 'job', [{ id: 1 }])).rejects.toBeInstanceOf(LockNotAcquiredError);
    expect(await callAs(type, nest, 'job', [{ id: 2 }])).toBe(2);
    await held.release();
  });

  it('N5c: gives the lock back when it returns a stream that no answer shows the end of', async () => {
    await callAs(type, nest, 'generator', []);
    await eventually(async () => (await nest.locks.inspect('generator')) === null, 1_000);
  });

  it.each([{ args: [] }, { args: [{ id: 1 }] }, { args: [{}, { id: 1 }] }, { args: [null, null] }])(
    'N3: is locked, whatever its arguments (case %#)',
    async ({ args }) => {
      expect(await callAs(type, nest, 'static', args)).toBe('done');
    },
  );
});
