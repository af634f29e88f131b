import { describe, expect, it } from '@jest/globals';
import { LockKeyError, RedisLockOptionsError, type LockKeyContext } from '../../../../lib/index.js';
import { callContext } from '../../../../lib/with-lock/plain/call-context.js';
import { KeyTemplate } from '../../../../lib/with-lock/key/key-template.js';
import { compileKey } from '../../../../lib/with-lock/key/resolve-key.js';

type Transport = LockKeyContext['transport'];

function contextOf(transport: Transport, values: Partial<LockKeyContext> = {}): LockKeyContext {
  return { ...callContext('Shop.order', []), transport, ...values };
}

function keyOf(template: string, ...args: unknown[]): string {
  return new KeyTemplate(template).keysOf(contextOf('call', { args }));
}

const REQUEST = {
  params: { id: '7' },
  query: { page: '2' },
  body: { items: [{ sku: 'a' }], count: 3, isGift: false },
  headers: { 'x-tenant': 'acme' },
  user: { id: 12n },
  ip: '::1',
};

describe('a key template', () => {
  it.each([
    ['static', 'static'],
    ['order:{params.id}', 'order:7'],
    ['{params.id}', '7'],
    ['{query.page}/{params.id}!', '2/7!'],
    ['{body.items.0.sku}-{body.count}-{body.isGift}', 'a-3-false'],
    ['{headers.X-Tenant}', 'acme'],
    ['{user.id}', '12'],
    ['from {ip}', 'from %3A%3A1'],
  ])('D2a: %s makes %s of a request', (template, key) => {
    expect(new KeyTemplate(template).keysOf(contextOf('http', REQUEST))).toBe(key);
  });

  it.each<[Transport, string, Partial<LockKeyContext>]>([
    ['rpc', '{data.id}', { data: { id: 7 } }],
    ['rpc', '{data}', { data: 7 }],
    ['ws', '{data.id}', { data: { id: '7' } }],
    ['graphql', '{args.id}', { data: { id: 7 } }],
    ['call', '{0}', { args: ['7'] }],
    ['call', '{1.id}', { args: ['x', { id: 7 }] }],
    ['call', '{0.0}', { args: [[7]] }],
    ['http', '{0}', { args: [7] }],
    ['rpc', '{0.id}', { args: [{ id: 7 }] }],
    ['ws', '{0}', { args: ['7'] }],
    ['graphql', '{1.id}', { args: ['x', { id: 7 }] }],
  ])('D2c: in a call by %s, %s makes 7', (transport, template, values) => {
    expect(new KeyTemplate(template).keysOf(contextOf(transport, values))).toBe('7');
  });

  it.each<[Transport, string]>([
    ['call', '{params.id}'],
    ['call', '{ip}'],
    ['call', '{data.id}'],
    ['call', '{args.id}'],
    ['http', '{data.id}'],
    ['http', '{args.id}'],
    ['rpc', '{params.id}'],
    ['ws', '{body.id}'],
    ['ws', '{args.id}'],
    ['graphql', '{params.id}'],
    ['graphql', '{data.id}'],
  ])('D2c: a call by %s has no %s, whatever is there', (transport, template) => {
    const everything = { ...REQUEST, data: { id: '1' }, args: [{ id: '1' }, { id: '1' }] };
    expect(() => new KeyTemplate(template).keysOf(contextOf(transport, everything))).toThrow(LockKeyError);
    expect(() => new KeyTemplate(template).keysOf(contextOf(transport, everything))).toThrow(/Shop\.order/);
  });

  it.each([
    undefined,
    null,
    '',
    {},
    [],
    ['7'],
    Number.NaN,
    Infinity,
    -Infinity,
    () => '7',
    Symbol('7'),
    new Date(0),
    Object('7'),
  ])('D2b: a part that is %p is no key', (value) => {
    expect(() => keyOf('order:{0}', value)).toThrow(LockKeyError);
    expect(() => keyOf('order:{0.id}', { id: value })).toThrow(LockKeyError);
  });

  it.each(['{0.a.b}', '{0.length}', '{0.constructor}', '{0.__proto__}', '{0.toString}', '{1}', '{99}'])(
    'D2b: %s of a string is no key',
    (template) => {
      expect(() => keyOf(template, 'text')).toThrow(LockKeyError);
      expect(() => keyOf(template, { text: 1 })).toThrow(LockKeyError);
    },
  );

  it.each(
    [
      [0, '0'],
      [-0, '0'],
      [1.5, '1.5'],
      [false, 'false'],
      [9_007_199_254_740_993n, '9007199254740993'],
      ['a\nb', 'a%0Ab'],
      ['a\u0000b', 'a%00b'],
      ['a b', 'a%20b'],
      ['a\u00a0b', 'a%C2%A0b'],
      ['{tag}', '%7Btag%7D'],
      ['50%', '50%25'],
      ['a#b', 'a%23b'],
      ['Zoë 🎉', 'Zoë%20🎉'],
    ].map(([value, text]) => ({ value, text })),
  )('D3: a part stands in a key as $text', ({ value, text }) => {
    expect(keyOf('{0}', value)).toBe(text);
  });

  it.each([
    ['a key of 512 bytes', 'x'.repeat(506), false],
    ['a key of 513 bytes', 'x'.repeat(507), true],
    ['a key that is longer in bytes than in characters', 'é'.repeat(300), true],
  ])('D3: %s is hashed: %#', (_, id, isHashed) => {
    const key = compileKey('order:{0}').keysOf(contextOf('call', { args: [id] })) as string;
    expect(Buffer.byteLength(key)).toBeLessThanOrEqual(512);
    expect(key.startsWith(`order:${id.slice(0, 20)}`)).toBe(true);
    expect(/#[0-9a-f]{64}$/.test(key)).toBe(isHashed);
    expect(compileKey('order:{0}').keysOf(contextOf('call', { args: [`${id}!`] }))).not.toBe(key);
  });

  it('D3: the keys of a key function are hashed too', () => {
    const [short, long] = compileKey(() => ['a', '🎉'.repeat(200)]).keysOf(contextOf('call')) as [string, string];
    expect(short).toBe('a');
    expect(long).toMatch(/^(🎉){32}%#[0-9a-f]{64}$/u);
  });

  it.each([undefined, null, 7, {}, [7], ['a', undefined]])('D2b: a key function that returns %p is no key', (value) => {
    expect(() => compileKey(() => value as string).keysOf(contextOf('call'))).toThrow(LockKeyError);
    expect(() => compileKey(() => value as string).keysOf(contextOf('call'))).toThrow(/Shop\.order/);
  });

  it.each(['order:undefined', 'null', 'a:NaN:b', 'a-undefined', '[object Object]', 'a:[object Map]', 'undefined:1'])(
    'D2b: a key function that returns %p is refused',
    (value) => {
      for (const key of [value, ['fine', value]])
        expect(() => compileKey(() => key).keysOf(contextOf('call'))).toThrow(LockKeyError);
      expect(() => compileKey(() => value).keysOf(contextOf('call'))).toThrow(/Shop\.order/);
    },
  );

  it.each(['nullable', 'undefined1', 'annull', 'NaNcy', 'object Object', '_null_', 'ünull'])(
    'D2b: a key function may return %p',
    (value) => {
      expect(compileKey(() => value).keysOf(contextOf('call'))).toBe(value);
    },
  );

  it.each([
    ['', 'empty'],
    ['{', 'braces'],
    ['}', 'braces'],
    ['a{b', 'braces'],
    ['{params.id', 'braces'],
    ['params.id}', 'braces'],
    ['{{params.id}}', 'braces'],
    ['{}', 'no path'],
    ['{.id}', 'no path'],
    ['{params.}', 'no path'],
    ['{params..id}', 'no path'],
    ['{params[0]}', 'no path'],
    ['{ params.id }', 'no path'],
    ['{id}', 'begins with none of'],
    ['{param.id}', 'begins with none of'],
    ['{constructor.name}', 'begins with none of'],
    ['{__proto__.id}', 'begins with none of'],
    ['{-1}', 'begins with none of'],
    ['{params}', 'name a field'],
    ['{body}', 'name a field'],
    ['{args}', 'name a field'],
    ['{0}{1}', 'separator'],
    ['a:{params.id}{query.x}:b', 'separator'],
    ['{0}%{1}', 'separator'],
    ['{0}%3A{1}', 'separator'],
  ])('D2: the template %p is refused: %s', (template, why) => {
    expect(() => new KeyTemplate(template)).toThrow(RedisLockOptionsError);
    expect(() => new KeyTemplate(template)).toThrow(why);
  });
});
