import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  CurrentLock,
  LockBackendError,
  LockNotAcquiredError,
  LockReentryError,
  RedisLockOptionsError,
  RedisLockService,
  WithLock,
  type Lock,
} from 'nestjs-redis-lock';
import { LockTestControl, RedisLockTestingModule } from 'nestjs-redis-lock/testing';
import { RecordingLogger } from '../support/recording-logger.js';
import { watch } from '../support/watch.js';

@Injectable()
class Orders {
  constructor(private readonly locks: RedisLockService) {}

  @WithLock('order:{0}', { wait: 0, onBackendError: 'skip' })
  async pay(id: string): Promise<string> {
    this.locks.assertLocked(`order:${id}`);
    return 'paid';
  }
}

@Controller('orders')
class OrderController {
  constructor(private readonly locks: RedisLockService) {}

  @Get(':id')
  @WithLock('order:{params.id}')
  async show(id: string): Promise<string> {
    this.locks.assertLocked();
    return id;
  }

  @WithLock('order:{body.id}')
  async nested(id: string): Promise<string> {
    return this.show(id);
  }
}

interface LookedAt {
  readonly isHeld: boolean;
  readonly fencingToken: number;
}

@Controller('lock')
class LockController {
  last: Lock | undefined;

  constructor(private readonly locks: RedisLockService) {}

  @Get()
  @WithLock('order:{params.id}')
  async look(@CurrentLock() lock: Lock): Promise<LookedAt> {
    this.last = lock;
    this.locks.assertLocked('order:7');
    await lock.extend();
    const { isHeld, fencingToken, signal } = lock;
    const others = {
      isCurrent: this.locks.current() === lock,
      isForKey: this.locks.current('order:7') === lock,
      isInFuture: lock.expiresAt > Date.now(),
    };
    return { isHeld, fencingToken, ...others, ...{ isAborted: signal.aborted } };
  }
}

describe('LockTestControl', () => {
  let module: TestingModule;
  let locks: RedisLockService;
  let control: LockTestControl;

  beforeEach(async () => {
    module = await Test.createTestingModule({
      imports: [RedisLockTestingModule.forRoot()],
      providers: [Orders],
    }).compile();
    await module.init();
    locks = module.get(RedisLockService);
    control = module.get(LockTestControl);
  });

  afterEach(async () => {
    jest.useRealTimers();
    await module.close();
  });

  it('X1: makes one lock busy, and free again for whoever waits', async () => {
    jest.useFakeTimers();
    control.busy('order:1');
    await expect(module.get(Orders).pay('1')).rejects.toThrow(LockNotAcquiredError);
    expect(await module.get(Orders).pay('2')).toBe('paid');
    const waiting = watch(locks.acquire('order:1', { wait: Infinity }));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(waiting.state).toBe('pending');
    control.free('order:1');
    await jest.advanceTimersByTimeAsync(1_750);
    expect(waiting.value?.isHeld).toBe(true);
    await waiting.value?.release();
    control.free('order:1');
    expect(await module.get(Orders).pay('1')).toBe('paid');
  });

  it('X1: leaves a lock of the app alone when it frees', async () => {
    const lock = await locks.acquire('order:1');
    control.free('order:1');
    expect(await locks.tryAcquire('order:1')).toBeNull();
    expect(await lock.release()).toBe('released');
  });

  it('X1: a holder whose lock is busy for another learns of it at the next renewal', async () => {
    jest.useFakeTimers();
    const lock = await locks.acquire('order:1', { ttl: 3_000 });
    control.busy('order:1');
    expect(lock.isHeld).toBe(true);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'stolen' });
  });

  it('X1: takes a lock away, and its holder is told', async () => {
    expect(await control.lose('order:1')).toBe(false);
    const lock = await locks.acquire('order:1');
    expect(await control.lose('order:1')).toBe(true);
    expect([lock.isHeld, lock.signal.aborted]).toEqual([false, true]);
    expect(await locks.tryAcquire('order:1')).not.toBeNull();
  });

  it('X1: plays a Redis that is down, and up again', async () => {
    control.fail();
    expect(await module.get(Orders).pay('1')).toBeUndefined();
    await expect(locks.acquire('order:1', { wait: 0 })).rejects.toThrow(LockBackendError);
    control.recover();
    expect(await module.get(Orders).pay('1')).toBe('paid');
  });

  it('O1: a method that is skipped warns once per outage', async () => {
    const log = new RecordingLogger();
    const other = await Test.createTestingModule({ imports: [RedisLockTestingModule.forRoot()], providers: [Orders] })
      .setLogger(log)
      .compile();
    const [orders, controlOfOther] = [other.get(Orders), other.get(LockTestControl)];
    for (let outage = 1; outage <= 2; outage += 1) {
      controlOfOther.fail();
      for (const id of ['1', '2', '1']) expect(await orders.pay(id)).toBeUndefined();
      expect(log.at('warn').filter((text) => /Orders\.pay is skipped.*Redis is down/.test(text))).toHaveLength(outage);
      controlOfOther.recover();
      expect(await orders.pay('1')).toBe('paid');
    }
    await other.close();
  });

  it('X1 W4: a caller with default options goes on for two seconds while Redis is down, and gets in when it is back before', async () => {
    jest.useFakeTimers();
    control.fail();
    const refused = watch(locks.acquire('order:1'));
    await jest.advanceTimersByTimeAsync(1_000);
    const patient = watch(locks.acquire('order:1'));
    expect(refused.state).toBe('pending');
    await jest.advanceTimersByTimeAsync(1_100);
    expect([refused.error?.code, patient.state]).toEqual(['LOCK_BACKEND', 'pending']);
    control.recover();
    await jest.advanceTimersByTimeAsync(900);
    expect(patient.value?.isHeld).toBe(true);
    await patient.value?.release();
  });

  it('X1: a module that was compiled anew has forgotten everything', async () => {
    const imports = [RedisLockTestingModule.forRoot({ name: 'stock' })];
    for (let time = 0; time < 2; time += 1) {
      const other = await Test.createTestingModule({ imports }).compile();
      const controlOfOther = other.get<LockTestControl>(LockTestControl.token('stock'));
      expect(await controlOfOther.lose('shelf')).toBe(false);
      controlOfOther.busy('shelf');
      expect(await controlOfOther.lose('shelf')).toBe(true);
      controlOfOther.busy('shelf');
      await other.close();
    }
  });

  it('X1: a test that forgot a lock does not wait for it', async () => {
    jest.useFakeTimers();
    await locks.acquire('forgotten');
    const closed = watch(module.close());
    await jest.advanceTimersByTimeAsync(0);
    expect(closed.state).toBe('fulfilled');
  });
});

describe('passThrough', () => {
  const compile = (passThrough: boolean) =>
    Test.createTestingModule({
      imports: [RedisLockTestingModule.forRoot({ passThrough })],
      controllers: [OrderController],
    }).compile();

  it('N10: runs handlers and nested calls without a lock and without a key', async () => {
    const module = await compile(true);
    expect(await module.get(OrderController).nested('1')).toBe('1');
    await module.close();
  });

  it('gives a stand-in lock: held, with a token that increases, for any key, never lost', async () => {
    const module = await Test.createTestingModule({
      imports: [RedisLockTestingModule.forRoot({ passThrough: true })],
      controllers: [LockController],
    }).compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const look = async (): Promise<LookedAt> => (await fetch(`${await app.getUrl()}/lock`)).json() as Promise<LookedAt>;
    const [one, two] = [await look(), await look()];
    for (const seen of [one, two])
      expect(seen).toMatchObject({ isHeld: true, isAborted: false, isCurrent: true, isForKey: true, isInFuture: true });
    expect(two.fencingToken).toBeGreaterThan(one.fencingToken);
    const after = module.get(LockController).last!;
    expect([after.isHeld, await after.release()]).toEqual([false, 'released']);
    await app.close();
  });

  it.each(['production', 'test'])('in an environment called %s', async (name) => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = name;
    const log = new RecordingLogger();
    const module = await Test.createTestingModule({ imports: [RedisLockTestingModule.forRoot({ passThrough: true })] })
      .setLogger(log)
      .compile();
    process.env.NODE_ENV = before;
    expect(log.at('warn').filter((text) => text.includes('WITHOUT'))).toHaveLength(name === 'production' ? 1 : 0);
    await module.close();
  });

  it('is off by default, so that a key that cannot be made is told', async () => {
    const module = await compile(false);
    await expect(module.get(OrderController).nested('1')).rejects.toMatchObject({ code: 'LOCK_KEY' });
    await module.close();
  });

  it('leaves the service as it is', async () => {
    const module = await compile(true);
    const locks = module.get(RedisLockService);
    await locks.withLock('a', async () => {
      expect(await locks.tryAcquire('b')).not.toBeNull();
      await expect(locks.acquire('a')).rejects.toThrow(LockReentryError);
    });
    await module.close();
  });

  it('has to be true or false', () => {
    expect(() => RedisLockTestingModule.forRoot({ passThrough: 'yes' as unknown as boolean })).toThrow(
      RedisLockOptionsError,
    );
  });
});
