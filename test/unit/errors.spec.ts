import { describe, expect, it } from '@jest/globals';
import * as library from '../../lib/index.js';

const { RedisLockError } = library;
const CAUSE = new Error('the cause');

const ERRORS = [
  {
    make: () => new library.LockNotAcquiredError({ key: 'k', waitedMs: 5, retryAfterMs: 7, cause: CAUSE }),
    name: 'LockNotAcquiredError',
    code: 'LOCK_NOT_ACQUIRED',
  },
  {
    make: () => new library.LockLostError({ key: 'k', reason: 'expired', cause: CAUSE }),
    name: 'LockLostError',
    code: 'LOCK_LOST',
  },
  {
    make: () => new library.LockBackendError('broken', { key: 'k', cause: CAUSE }),
    name: 'LockBackendError',
    code: 'LOCK_BACKEND',
  },
  { make: () => new library.LockReentryError('k'), name: 'LockReentryError', code: 'LOCK_REENTRY' },
  { make: () => new library.LockKeyError('bad', { key: 'k' }), name: 'LockKeyError', code: 'LOCK_KEY' },
  { make: () => new library.LockQueueFullError('k', 3), name: 'LockQueueFullError', code: 'LOCK_QUEUE_FULL' },
  { make: () => new library.LockClosedError('k'), name: 'LockClosedError', code: 'LOCK_CLOSED' },
  { make: () => new library.LockNotHeldError('k'), name: 'LockNotHeldError', code: 'LOCK_NOT_HELD' },
  {
    make: () => new library.RedisLockOptionsError({ option: 'ttl', value: '5', remedy: 'pass more', key: 'k' }),
    name: 'RedisLockOptionsError',
    code: 'LOCK_OPTIONS',
  },
] as const;

const classOf = (name: string): any => (library as Record<string, unknown>)[name];

describe.each(ERRORS)('$name', ({ make, name, code }) => {
  const error = make();

  it('D1: is exported, and is told by its code', () => {
    expect(classOf(name)).toBeInstanceOf(Function);
    expect(error).toMatchObject({ name, code, key: 'k' });
    expect(classOf(name).code).toBe(code);
    expect(String(error)).toBe(`${name}: ${error.message}`);
    expect(error.message).not.toMatch(/quorum/i);
    expect(error.stack).toContain(import.meta.url.replace(/^file:\/\//, ''));
  });

  it('D1: is an instance of its class, of the base and of Error, and of no sibling', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(RedisLockError);
    expect(ERRORS.filter((other) => error instanceof classOf(other.name)).map((other) => other.name)).toEqual([name]);
  });

  it('D1: is recognised across copies of the package', () => {
    // What another copy makes: another class, another chain of prototypes, the same mark.
    const foreign = Object.defineProperty(new Error('from another copy'), Symbol.for('nestjs-redis-lock:code'), {
      value: code,
    });
    expect(foreign).toBeInstanceOf(classOf(name));
    expect(foreign).toBeInstanceOf(RedisLockError);
    expect(ERRORS.filter((other) => foreign instanceof classOf(other.name))).toHaveLength(1);
  });

  it.each([
    undefined,
    null,
    'text',
    5,
    {},
    new Error('other'),
    { code },
    Object.assign(new Error('other'), { code }),
    () => undefined,
  ])('%p is none', (value) => {
    expect(value instanceof classOf(name)).toBe(false);
    expect(value instanceof RedisLockError).toBe(false);
  });

  it('a class that a user derives from it keeps the ordinary meaning of instanceof', () => {
    class Derived extends classOf(name) {}
    const derived = Object.setPrototypeOf(make(), Derived.prototype);
    expect(derived).toBeInstanceOf(Derived);
    expect(derived).toBeInstanceOf(classOf(name));
    expect(derived).toBeInstanceOf(RedisLockError);
    expect(error instanceof Derived).toBe(false);
  });
});

describe('errors', () => {
  it('of classes that users derive keep the ordinary meaning of instanceof, also with a static code of their own', () => {
    class PaymentLockError extends library.LockBackendError {
      static override readonly code: any = 'PAYMENT_LOCK';
    }
    class SameCodeError extends library.LockBackendError {
      static override readonly code = 'LOCK_BACKEND';
    }
    expect(new PaymentLockError('of payments') instanceof PaymentLockError).toBe(true);
    expect(new SameCodeError('of payments') instanceof SameCodeError).toBe(true);
    expect(new library.LockBackendError('ours') instanceof PaymentLockError).toBe(false);
    expect(new library.LockBackendError('ours') instanceof SameCodeError).toBe(false);
  });

  it('D1: have codes that are all different, and there are no others', () => {
    expect(new Set(ERRORS.map(({ code }) => code)).size).toBe(ERRORS.length);
    const exported = Object.keys(library).filter((name) => name.endsWith('Error'));
    expect(exported.sort()).toEqual(['RedisLockError', ...ERRORS.map(({ name }) => name)].sort());
  });

  it('keep their cause where they have one, and have no such property otherwise', () => {
    expect(ERRORS[0].make().cause).toBe(CAUSE);
    expect('cause' in ERRORS[3].make()).toBe(false);
  });

  it.each(ERRORS)('D3: have neither key nor cause where they are serialised: $name', ({ make, code }) => {
    const error = make();
    expect(Object.keys(error)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:key|cause|name|message|stack)$/)]),
    );
    expect({ ...error }).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toMatch(/"k"|the cause/);
  });

  it('C2a: tell what runs outside of its lock', () => {
    expect(new library.LockNotHeldError().message).toBe(
      'No lock is held here: this code must run within withLock() or a method under @WithLock().',
    );
    expect(library.LockNotHeldError.afterAnswer('Orders.pay').message).toMatch(
      /^Orders\.pay did not run: its request was answered before it began/,
    );
    expect(new library.LockNotHeldError('k').message).toMatch(/^Lock "k" is not held here: /);
  });

  it('tell how long was waited, and what is in the way', () => {
    const busy = (leaseMs: number | undefined): string =>
      new library.LockNotAcquiredError({ key: 'k', waitedMs: 5, retryAfterMs: 7, leaseMs }).message;
    expect(busy(70)).toBe('Lock "k" is busy: waited 5 ms, the lease in the way ends in 70 ms unless it is renewed.');
    expect(busy(undefined)).toBe('Lock "k" is busy: waited 5 ms.');
    expect(busy(Infinity)).toMatch(/the key has no expiry: it may be data/);
  });

  it.each(['expired', 'stolen', 'forced', 'unreachable', 'maxHold', 'shutdown'] as const)(
    'explain the loss: %s',
    (reason) => {
      expect(new library.LockLostError({ key: 'k', reason })).toMatchObject({
        reason,
        message: expect.stringMatching(/^Lock "k" was lost: .{10,}\.$/),
      });
    },
  );
});
