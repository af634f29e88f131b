import { describe, expect, it } from '@jest/globals';
import { RedisLockOptionsError, WithLock, type WithLockOptions } from '../../../lib/index.js';
import { lockedMethodsOf } from '../../../lib/with-lock/locked-method.js';
import { applyDecorators } from '../../support/apply-decorators.js';

function refusalOf(decorate: () => unknown): RedisLockOptionsError {
  try {
    decorate();
  } catch (error) {
    expect(error).toBeInstanceOf(RedisLockOptionsError);
    return error as RedisLockOptionsError;
  }
  throw new Error('It was not refused.');
}

const OUT_OF_RANGE: Record<string, readonly unknown[]> = {
  ttl: [99, 0, -1, 100.5, Number.NaN, Infinity, 2 ** 31, '1000', null, 1000n],
  wait: [-1, 0.5, Number.NaN, -Infinity, 2 ** 31, '0', null],
  maxHold: [0, -1, 1.5, Number.NaN, Infinity, 2 ** 31, '1'],
  minHold: [-1, 0.1, Number.NaN, Infinity, 2 ** 31, true],
  renew: ['yes', 1, null],
  reentry: ['allow', true, null],
  signal: [{}, 1, null, new AbortController()],
  metadata: [1, 'a\nb', 'x'.repeat(257), null],
  onBusy: ['wait', true, null, {}],
  onBackendError: ['continue', () => 1, null],
  onLost: ['throw', true, null],
  until: ['end', null],
  name: ['', 1, null],
};

const IN_RANGE: readonly WithLockOptions[] = [
  {},
  { ttl: 100, wait: 0, maxHold: 1, minHold: 0 },
  { ttl: 2 ** 31 - 1, wait: Infinity },
  { renew: false, reentry: 'share', signal: new AbortController().signal, metadata: 'x'.repeat(256) },
  { onBusy: () => undefined, onBackendError: 'run', onLost: 'reject', until: 'return', name: 'orders' },
  { ttl: undefined, name: undefined, onBusy: undefined } as unknown as WithLockOptions,
];

describe('@WithLock()', () => {
  it.each(Object.entries(OUT_OF_RANGE).flatMap(([option, values]) => values.map((value) => ({ option, value }))))(
    'D1: refuses the option $option: $value at once, and names it',
    ({ option, value }) => {
      const error = refusalOf(() => WithLock('key', { [option]: value } as WithLockOptions));
      expect(error.option).toBe(option);
      expect(error.message).toContain('pass');
    },
  );

  it.each(['retries', 'TTL', 'onLocked', 'constructor', '__proto__x'])(
    'D1: refuses the unknown option %s',
    (option) => {
      expect(refusalOf(() => WithLock('key', { [option]: 1 } as WithLockOptions)).message).toMatch(
        new RegExp(`"${option}".*no such option.*ttl.*onBusy`),
      );
    },
  );

  it('O5: names an unknown option without its value, which may be a password', () => {
    expect(refusalOf(() => WithLock('key', { password: 'hunter2' } as WithLockOptions)).message).not.toContain(
      'hunter2',
    );
  });

  it.each([null, 5, 'ttl', [], () => ({})])('D1: refuses the options %p', (options) => {
    refusalOf(() => WithLock('key', options as WithLockOptions));
  });

  it.each(IN_RANGE)('D1: takes the options %p', (options) => {
    expect(() => WithLock('key', options)).not.toThrow();
  });

  it.each([
    undefined,
    null,
    '',
    7,
    {},
    [],
    [7],
    ['a', ''],
    '{',
    '{id}',
    '{0}{1}',
    'a\nb',
    '{0}:\u0000',
    'half \ud83c',
    Symbol('key'),
  ])('D2: refuses the key %p', (key) => {
    expect(refusalOf(() => WithLock(key as string)).option).toBe('key');
  });

  it('D2: refuses what is no instance method, and names it', () => {
    class Shop {
      static refund(): Promise<void> {
        return Promise.resolve();
      }

      declare stock: number;

      get total(): number {
        return 1;
      }

      set price(_: number) {
        throw new Error('not to be called');
      }
    }
    const lock = WithLock('key') as MethodDecorator & PropertyDecorator;
    const values = Object.create(Shop.prototype, { text: { value: 'text', configurable: true } }) as object;
    const cases: [string, string, () => unknown][] = [
      ['Shop.refund', 'static', () => applyDecorators(Shop, 'refund', [lock])],
      ['Shop.stock', 'a property', () => lock(Shop.prototype, 'stock')],
      ['Shop.total', 'an accessor', () => applyDecorators(Shop.prototype, 'total', [lock])],
      ['Shop.price', 'an accessor', () => applyDecorators(Shop.prototype, 'price', [lock])],
      ['Shop.text', '"text"', () => applyDecorators(values, 'text', [lock])],
    ];
    for (const [name, what, decorate] of cases) {
      const { message } = refusalOf(decorate);
      expect(message).toContain(name);
      expect(message).toContain(what);
    }
  });

  it('D2: refuses a class, and names it', () => {
    const { message } = refusalOf(() => (WithLock('key') as unknown as ClassDecorator)(class Shop {}));
    expect(message).toContain('on Shop, a class');
  });

  it('D2: refuses to be called as the standard calls decorators, and names the option of the compiler', () => {
    const standard = WithLock('key') as unknown as (value: unknown, context: object) => unknown;
    const { message } = refusalOf(() =>
      standard(async () => Promise.resolve(), { kind: 'method', name: 'order', static: false, private: false }),
    );
    expect(message).toMatch(/on the method order.*"experimentalDecorators": true/u);
  });

  it('N4: keeps the name, the length, the other properties and the metadata of the method', () => {
    class Shop {
      async order(_id: string, _amount: number): Promise<void> {}
    }
    const original = Shop.prototype.order;
    const symbol = Symbol('own');
    Object.assign(original, { [symbol]: 1, label: 'two' });
    Reflect.defineMetadata('before', { a: 1 }, original);
    applyDecorators(Shop.prototype, 'order', [
      WithLock('upper') as MethodDecorator,
      WithLock('lower') as MethodDecorator,
    ]);
    const { order } = Shop.prototype;
    expect(order).not.toBe(original);
    expect([order.name, order.length]).toEqual(['order', 2]);
    expect({ ...order }).toEqual({ [symbol]: 1, label: 'two' });
    expect(Reflect.getMetadata('before', order)).toEqual({ a: 1 });
    expect(Object.getOwnPropertyDescriptor(Shop.prototype, 'order')).toMatchObject({
      writable: true,
      configurable: true,
      enumerable: false,
    });
    expect(lockedMethodsOf(order).map(({ keys, target }) => [keys.keysOf({} as never), target])).toEqual([
      ['upper', 'Shop.order'],
      ['lower', 'Shop.order'],
    ]);
    expect(lockedMethodsOf(original)).toEqual([]);
  });

  it('N10: names a method whose name is a symbol, too', async () => {
    const run = Symbol('run');
    class Shop {
      @WithLock('key')
      async [run](): Promise<void> {}
    }
    await expect(new Shop()[run]()).rejects.toThrow('Shop.Symbol(run)');
  });
});
