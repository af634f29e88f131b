import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getRedisLockToken,
  LockLostError,
  LockNotAcquiredError,
  RedisLockOptionsError,
  RedisLockService,
  WithLock,
} from 'nestjs-redis-lock';
import { RedisLockTestingModule } from 'nestjs-redis-lock/testing';

@Injectable()
class OrderService {
  constructor(private readonly locks: RedisLockService) {}

  @WithLock('order:{0}', { wait: 0 })
  async pay(id: string): Promise<string> {
    this.locks.assertLocked(`order:${id}`);
    return 'paid';
  }
}

describe('RedisLockTestingModule', () => {
  let module: TestingModule;
  let locks: RedisLockService;

  beforeEach(async () => {
    module = await Test.createTestingModule({
      imports: [RedisLockTestingModule.forRoot()],
      providers: [OrderService],
    }).compile();
    await module.init();
    locks = module.get(RedisLockService);
  });

  afterEach(async () => {
    jest.useRealTimers();
    await module.close();
  });

  it('X1: locks without Redis, and tells busy from free', async () => {
    const orders = module.get(OrderService);
    expect(await orders.pay('1')).toBe('paid');
    const lock = await locks.acquire('order:1');
    await expect(orders.pay('1')).rejects.toThrow(LockNotAcquiredError);
    expect(await orders.pay('2')).toBe('paid');
    expect(await lock.release()).toBe('released');
    expect(await orders.pay('1')).toBe('paid');
  });

  it('X1: follows fake timers', async () => {
    jest.useFakeTimers();
    const lock = await locks.acquire('it', { ttl: 1_000, renew: false });
    await jest.advanceTimersByTimeAsync(500);
    expect([lock.isHeld, await locks.tryAcquire('it')]).toEqual([true, null]);
    await jest.advanceTimersByTimeAsync(600);
    expect([lock.isHeld, (lock.signal.reason as LockLostError).reason]).toEqual([false, 'expired']);
    const next = await locks.tryAcquire('it');
    expect(await next?.release()).toBe('released');
  });

  it('X1: renews, waits and loses as on Redis', async () => {
    jest.useFakeTimers();
    const lock = await locks.acquire('it', { ttl: 1_000 });
    const late = locks.acquire('it', { wait: 60_000 });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(lock.isHeld).toBe(true);
    expect(await locks.forceRelease('it')).toBe(true);
    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    await jest.advanceTimersByTimeAsync(2_000);
    expect((await late).fencingToken).toBeGreaterThan(lock.fencingToken);
    await (await late).release();
  });

  it('X1: has the options of the real one', async () => {
    const named = RedisLockTestingModule.forRoot({
      name: 'orders',
      isGlobal: false,
      defaults: { wait: 0 },
      maxWaiters: 0,
    });
    const other = await Test.createTestingModule({ imports: [named] }).compile();
    expect(other.get(getRedisLockToken('orders'))).toBeInstanceOf(RedisLockService);
    await other.close();
    const wrong = { imports: [RedisLockTestingModule.forRoot({ defaults: { ttl: 5 } })] };
    await expect(Test.createTestingModule(wrong).compile()).rejects.toThrow(RedisLockOptionsError);
  });
});
