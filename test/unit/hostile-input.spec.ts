import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { lockKey, RedisLockError, RedisLockService, WithLock, type LockKey } from '../../lib/index.js';
import { toKey, toKeys } from '../../lib/options/lock-keys.js';
import { printValue } from '../../lib/options/print-value.js';
import { RedisLockTestingModule } from '../../lib/testing/index.js';
import { callContext } from '../../lib/with-lock/plain/call-context.js';
import { compileKey } from '../../lib/with-lock/key/resolve-key.js';
import { expectLinear } from '../support/linear.js';
import { rejection } from '../support/watch.js';

/** What patterns and escapes stumble over. */
const UNITS = ['/', '//@', 'redis://u:p@', ':', '%', '\ud83c', '🎉', '\0', ' ', '[object ', '_null'].map((unit) => ({
  unit,
  shape: JSON.stringify(unit),
}));

/** A short key, or an error of ours with a short text: nothing else may become of what a client sent. */
function expectBounded(run: () => unknown): void {
  const result = attempt(run);
  for (const text of [result].flat()) expect((text as string).length).toBeLessThan(600);
}

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(RedisLockError);
    return (error as Error).message;
  }
}

function keyOf(key: LockKey, ...args: unknown[]): unknown {
  return compileKey(key).keysOf(callContext('Shop.order', args));
}

describe('ten million characters that a client sent', () => {
  it.each(UNITS)(
    'C10 D3 O5: are one pass over $shape at most, and cut before they are looked at, wherever they come in',
    ({ unit }) => {
      expectLinear(unit, {
        'a key': (text) => expectBounded(() => toKey(text)),
        'one of several keys': (text) => expectBounded(() => toKeys(['a', text])),
        'the part of a template': (text) => expectBounded(() => keyOf('order:{0}', text)),
        'a field, and a part behind it': (text) => expectBounded(() => keyOf('{0.id}/{1}', { id: text }, text)),
        'the part of several templates': (text) => expectBounded(() => keyOf(['a:{0}', 'b:{0}'], text)),
        'the part of a tagged key': (text) => expectBounded(() => lockKey`order:${text}-${text}`),
        'what a key function returns': (text) => expectBounded(() => toKeys(keyOf(() => [text, `b:${text}`]))),
        'a message': (text) => expect(printValue(text).length).toBeLessThan(450),
      });
    },
  );

  it('D2b: as a number or as a list of keys are refused before they are read', () => {
    const keys = Array.from({ length: 1_000_000 }, () => 'a');
    expect(() => toKeys(keys)).toThrow(/1000000 keys are too many.*100/);
    expect(() => keyOf(() => keys)).toThrow(/1000000 keys are too many.*100/);
    expect(printValue(10n ** 100_000n)).toBe('a long bigint');
  });
});

describe('ten million characters, in an app', () => {
  class Shop {
    @WithLock('order:{0}')
    async order(_id: string): Promise<string> {
      return Promise.resolve('done');
    }
  }

  let module: TestingModule;
  let locks: RedisLockService;

  beforeAll(async () => {
    module = await Test.createTestingModule({
      imports: [RedisLockTestingModule.forRoot()],
      providers: [Shop],
    }).compile();
    locks = module.get(RedisLockService);
  });

  afterAll(() => module.close());

  it('C10 D3: lock what the service refuses and the decorator hashes, and the message of neither is long', async () => {
    const text = '//@'.repeat(3_333_333);
    for (const call of [
      locks.acquire(text),
      locks.tryAcquire(text),
      locks.withLock(text, () => undefined),
      locks.inspect(text),
      locks.forceRelease(text),
    ]) {
      const error = await rejection(call);
      expect([error.code, error.message.length < 400]).toEqual(['LOCK_KEY', true]);
    }
    for (const call of [() => locks.current(text), () => locks.assertLocked(text)])
      expect(call).toThrow(/bytes long; the limit is 512/);
    expect(await rejection(locks.acquire('a', { metadata: text }))).toMatchObject({ code: 'LOCK_OPTIONS' });
    expect(await module.get(Shop).order(text)).toBe('done');
  });
});

describe('printValue()', () => {
  it.each([
    ['redis://user:secret@host', '"redis://***@host"'],
    ['redis://user:s@cret@host', '"redis://***@host"'],
    [`redis://user:${'secret'.repeat(20)}@host`, '"redis://***…"'],
    [`redis://user:s@${'secret'.repeat(20)}@host`, '"redis://***…"'],
    ['a@b//c', '"a@b//c"'],
    ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
  ])('O5: of %s is %s', (value, printed) => {
    expect(printValue(value)).toBe(printed);
  });
});
