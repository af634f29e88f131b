import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisLockOptionsError } from '../../lib/index.js';
import { RedisLockService } from '../../lib/redis-lock.service.js';
import { DEFAULT_TERMS } from '../../lib/options/lock-options.js';
import { testEngine, type TestEngine } from '../support/test-engine.js';
import { rejection } from '../support/watch.js';

describe('RedisLockService refuses bad input before the store is asked', () => {
  let world: TestEngine;
  let locks: RedisLockService;
  const body = jest.fn(() => undefined);

  beforeEach(() => {
    world = testEngine();
    locks = new RedisLockService({
      engine: world.engine,
      store: world.store,
      defaults: DEFAULT_TERMS,
      shutdownGrace: 0,
    });
    body.mockClear();
  });

  const calls: Record<string, (key: any, options?: any) => Promise<unknown>> = {
    acquire: (key, options) => locks.acquire(key, options),
    tryAcquire: (key, options) => locks.tryAcquire(key, options),
    withLock: (key, options) => locks.withLock(key, options, body),
  };

  describe.each(Object.entries(calls))('%s', (_, call) => {
    afterEach(() => {
      expect(world.store.calls).toEqual([]);
      expect(body).not.toHaveBeenCalled();
    });

    it.each([undefined, null, '', 42, {}, [], [''], ['a', undefined], 'a\nb'])('the key %p', async (key) => {
      expect(await rejection(call(key, {}))).toMatchObject({ code: 'LOCK_KEY' });
    });

    it.each([
      [{ ttl: 5 }, 'ttl'],
      [{ wait: -1 }, 'wait'],
      [{ signal: {} }, 'signal'],
      [{ renew: 'no' }, 'renew'],
      [{ maxHold: 0 }, 'maxHold'],
      [{ minHold: -1 }, 'minHold'],
      [{ reentry: true }, 'reentry'],
      [{ metadata: 5 }, 'metadata'],
      [{ timeout: 5 }, 'timeout'],
      [null, 'options'],
      [5_000, 'options'],
    ])('the options %p', async (options, option) => {
      expect(await rejection(call('a', options))).toMatchObject({ code: 'LOCK_OPTIONS', option });
    });
  });

  it.each(['inspect', 'forceRelease'] as const)('%s: a bad key', async (method) => {
    for (const key of ['', undefined, ['a']])
      expect(await rejection(locks[method](key as string))).toMatchObject({ code: 'LOCK_KEY' });
    expect(world.store.calls).toEqual([]);
  });

  it('current and assertLocked: a bad key', () => {
    expect(() => locks.current('')).toThrow(/empty/);
    expect(() => locks.assertLocked('')).toThrow(/empty/);
  });

  it.each([undefined, null, 'text', {}])('withLock without a function but %p', async (fn) => {
    expect(await rejection(locks.withLock('a', fn as never))).toBeInstanceOf(TypeError);
    expect(await rejection(locks.withLock('a', {}, fn as never))).toBeInstanceOf(TypeError);
    expect(world.store.calls).toEqual([]);
  });

  it.each([99, 0, -1, 1.5, NaN, Infinity, 2 ** 31, '5000'])('extend to %p', async (ttl) => {
    const lock = await locks.acquire('a', { ttl: 3_000 });
    world.store.calls.length = 0;
    const error = await rejection(lock.extend(ttl as number));
    expect(error).toBeInstanceOf(RedisLockOptionsError);
    expect(error).toMatchObject({ option: 'ttl' });
    expect(world.store.calls).toEqual([]);
    expect(lock.isHeld).toBe(true);
  });
});
