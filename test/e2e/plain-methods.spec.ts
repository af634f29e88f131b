import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, NotFoundException, type OnModuleInit } from '@nestjs/common';
import {
  LockKeyError,
  LockNotAcquiredError,
  RedisLockOptionsError,
  RedisLockService,
  WithLock,
} from 'nestjs-redis-lock';
import { of } from 'rxjs';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';

const stage = { work: new Checkpoint(), initialised: '' };
const failure = new NotFoundException('its own');
const result = { the: 'same object' };

@Injectable()
class OrderService implements OnModuleInit {
  readonly #secret = 'private';

  constructor(private readonly locks: RedisLockService) {}

  async onModuleInit(): Promise<void> {
    stage.initialised = await this.byId({ id: 'init' });
  }

  @WithLock('order:{0.id}')
  async byId(order: { id: unknown }): Promise<string> {
    await this.work();
    return `${this.#secret} ${String(order.id)} under ${this.locks.current()?.key}`;
  }

  @WithLock(({ args: [a, b], target, transport }) => `${target}:${transport}:${a + b}`)
  async byFunction(_a: number, _b: number): Promise<string | undefined> {
    return this.locks.current()?.key;
  }

  @WithLock('self')
  async outer(): Promise<string> {
    return `${this.locks.current()?.key} then ${await this.inner()}`;
  }

  @WithLock('inner')
  async inner(): Promise<string | undefined> {
    this.locks.assertLocked('inner');
    return this.locks.current()?.key;
  }

  async unlocked(): Promise<string | undefined> {
    return this.inner();
  }

  @WithLock('result')
  async same(): Promise<object> {
    return result;
  }

  @WithLock('throws')
  async throws(): Promise<never> {
    throw failure;
  }

  // @ts-expect-error -- refused by the compiler, which JavaScript does not have
  @WithLock('sync')
  sync(): string {
    return 'done';
  }

  @WithLock('observable')
  observable() {
    return of(1);
  }

  @WithLock('busy', { wait: 0 })
  async busy(): Promise<string> {
    return 'ran';
  }

  @WithLock('busy', { wait: 0, onBusy: 'skip' })
  async skip(): Promise<string> {
    return 'ran';
  }

  @WithLock('busy', { wait: 0, onBusy: ({ error, args }) => `${error.code} ${args.join()}` })
  async instead(_a: number, _b: number): Promise<string> {
    return 'ran';
  }

  @WithLock('order:{data.id}')
  async fromMessage(): Promise<void> {}

  @WithLock('upper:{0}')
  @WithLock('lower:{0}')
  async two(id: string): Promise<string> {
    this.locks.assertLocked(`upper:${id}`);
    return String(this.locks.current()?.key);
  }

  private async work(): Promise<void> {
    await stage.work.pass();
  }
}

describe('a method of a provider under @WithLock()', () => {
  let nest: NestContext;
  let service: OrderService;

  beforeAll(async () => {
    stage.work.open();
    nest = await startContext({ providers: [OrderService] });
    service = nest.app.get(OrderService);
  });

  afterEach(async () => {
    stage.work.open();
    stage.work = new Checkpoint();
  });

  afterAll(() => nest.app.close());

  it('N3: is locked in onModuleInit', () => {
    expect(stage.initialised).toBe('private init under order:init');
  });

  it('N3: runs one call at a time per key', async () => {
    const calls = [service.byId({ id: 1 }), service.byId({ id: '1' }), service.byId({ id: 2 })];
    await eventually(async () => (await nest.locks.inspect('order:1'))?.waiting === 1);
    await stage.work.arrived(2);
    expect(stage.work.arrivals).toBe(2);
    stage.work.open();
    expect(await Promise.all(calls)).toEqual([
      'private 1 under order:1',
      'private 1 under order:1',
      'private 2 under order:2',
    ]);
  });

  it('D2a: tells a key function of the call', async () => {
    expect(await service.byFunction(1, 2)).toBe('OrderService.byFunction:call:3');
  });

  it('N3: is locked when the class calls itself', async () => {
    expect(await service.unlocked()).toBe('inner');
    expect(await service.outer()).toBe('self then inner');
  });

  it('N7: passes the result and the error on as they are', async () => {
    expect(await service.same()).toBe(result);
    await expect(service.throws()).rejects.toBe(failure);
    expect(await nest.locks.inspect('throws')).toBeNull();
  });

  it('N3d: takes two locks in the order read', async () => {
    expect(await service.two('1')).toBe('lower:1');
    const lower = await nest.locks.acquire('lower:2');
    const call = service.two('2');
    await eventually(async () => (await nest.locks.inspect('upper:2')) !== null);
    await lower.release();
    expect(await call).toBe('lower:2');
  });

  it.each(['sync', 'observable'] as const)(
    'N3: cannot return anything but a promise, and says so (%s)',
    async (method) => {
      const error = await Promise.resolve((service[method] as () => unknown)()).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RedisLockOptionsError);
      expect(String(error)).toMatch(new RegExp(`OrderService\\.${method}.*must return a promise`));
      expect(await nest.locks.inspect(method)).toBeNull();
    },
  );

  it('D4: does what its decorator says of a busy lock', async () => {
    const lock = await nest.locks.acquire('busy');
    await expect(service.busy()).rejects.toThrow(LockNotAcquiredError);
    expect(await service.skip()).toBeUndefined();
    expect(await service.instead(1, 2)).toBe('LOCK_NOT_ACQUIRED 1,2');
    await lock.release();
    expect([await service.busy(), await service.skip(), await service.instead(1, 2)]).toEqual(['ran', 'ran', 'ran']);
  });

  it.each([undefined, null, '', {}, [], Number.NaN, Infinity, () => 1, Symbol('s')])(
    'D2b: has no key when its part is %p',
    async (id) => {
      await expect(service.byId({ id })).rejects.toThrow(LockKeyError);
      expect(stage.work.arrivals).toBe(0);
    },
  );

  it('D2c: has no key from a message', async () => {
    await expect(service.fromMessage()).rejects.toThrow(/\{data\.id\}.*OrderService\.fromMessage.*\{0\}/);
  });

  it('N10: says so when it is called on nothing', async () => {
    const { busy } = service;
    await expect(busy.call(undefined as never)).rejects.toThrow(/OrderService\.busy.*call it on its instance/);
  });
});
