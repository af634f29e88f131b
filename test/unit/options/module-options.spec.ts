import { afterEach, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { RedisLockModule } from 'nestjs-redis-lock';
import { RedisLockOptionsError } from '../../../lib/errors/redis-lock-options.error.js';
import { resolveOptions } from '../../../lib/options/module-options.js';

const resolve = (options: object) => resolveOptions(options);
const SECRET = 'hunter2';

function refusal(options: unknown): RedisLockOptionsError {
  try {
    resolve(options as object);
  } catch (error) {
    expect(error).toBeInstanceOf(RedisLockOptionsError);
    return error as RedisLockOptionsError;
  }
  throw new Error('It was expected to throw, and did not.');
}

describe('Node.js', () => {
  const { isWellFormed } = String.prototype as unknown as { isWellFormed: unknown };

  afterEach(
    () =>
      void Object.defineProperty(String.prototype, 'isWellFormed', {
        value: isWellFormed,
        configurable: true,
        writable: true,
      }),
  );

  it('X2: that is too old is named, with what is needed', () => {
    Reflect.deleteProperty(String.prototype, 'isWellFormed');
    expect(() => RedisLockModule.forRoot()).toThrow(
      `Option "Node.js" is ${process.version}: nestjs-redis-lock needs 20.19 or later`,
    );
  });
});

describe('the options of the module', () => {
  it('have defaults', () => {
    expect(resolve({})).toMatchObject({
      endpoint: { kind: 'url', url: 'redis://127.0.0.1:6379' },
      keyPrefix: 'lock:',
      shutdownGrace: 10_000,
      maxWaiters: Infinity,
      commandTimeout: undefined,
      defaults: { ttl: 30_000, wait: 10_000 },
    });
    expect(Object.isFrozen(resolve({}))).toBe(true);
  });

  it.each([
    { option: 'keyPrefix', values: ['', 'app:', '{tag}:'] },
    { option: 'shutdownGrace', values: [0, 1, 60_000] },
    { option: 'maxWaiters', values: [0, 1, Infinity] },
    { option: 'commandTimeout', values: [50, 1_000, 60_000] },
  ])('$option takes $values', ({ option, values }) => {
    for (const value of values) expect(resolve({ [option]: value })).toMatchObject({ [option]: value });
  });

  it.each([
    { option: 'keyPrefix', values: [1, null, true, {}], remedy: /pass a string/ },
    { option: 'keyPrefix', values: ['a\u001fb:', '\n'], remedy: /control characters/ },
    { option: 'commandTimeout', values: [0, 49, 1.5, Infinity, NaN, '100', null], remedy: /milliseconds from 50/ },
    { option: 'shutdownGrace', values: [-1, 1.5, Infinity, NaN, '1', null], remedy: /milliseconds/ },
    { option: 'maxWaiters', values: [-1, 1.5, NaN, '1', null], remedy: /integer from 0, or Infinity/ },
    { option: 'name', values: ['', 1, null], remedy: /pass a string/ },
    { option: 'ttl', values: [1_000], remedy: /no such option/ },
    { option: 'url', values: [`redis://:${SECRET}@host`], remedy: /no such option/ },
  ])('$option refuses $values', ({ option, values, remedy }) => {
    for (const value of values) {
      const error = refusal({ [option]: value });
      expect(error.option).toBe(option);
      expect(error.message).toMatch(remedy);
      expect(error.message).not.toContain(SECRET);
    }
  });

  it('defaults are checked as the options of a call are', () => {
    expect(resolve({ defaults: { ttl: 5_000 } }).defaults).toMatchObject({ ttl: 5_000, wait: 10_000 });
    expect(refusal({ defaults: { ttl: 5 } })).toMatchObject({ option: 'defaults.ttl' });
    expect(refusal({ defaults: { signal: new AbortController().signal } })).toMatchObject({
      option: 'defaults.signal',
    });
    expect(refusal({ defaults: null })).toMatchObject({ option: 'defaults' });
    expect(refusal({ defaults: 5 })).toMatchObject({ option: 'defaults' });
  });

  it.each([null, 5, 'redis://host', []])('%p are no options', (options) => {
    expect(refusal(options).message).toMatch(/pass an object/);
  });

  describe('connection', () => {
    it('takes options of which some are not set, where it is known where Redis is', () => {
      for (const connection of [
        { host: 'h', password: undefined, path: undefined },
        { port: 1, tls: undefined },
      ])
        expect(resolve({ connection }).endpoint.kind).toBe('options');
    });

    it.each(['redis://host', 'rediss://user:pass@host:6380/3', 'REDIS://host', 'redis://[::1]:6379'])(
      'takes the URL %s',
      (url) => {
        expect(resolve({ connection: url }).endpoint).toEqual({ kind: 'url', url });
      },
    );

    it('takes ioredis options, a Cluster, and living clients by their shape', async () => {
      const [redis, cluster] = [new Redis({ lazyConnect: true }), new Cluster([{ port: 1 }], { lazyConnect: true })];
      expect(resolve({ connection: { host: 'h', port: 1 } }).endpoint).toEqual({
        kind: 'options',
        options: { host: 'h', port: 1 },
      });
      expect(resolve({ connection: Object.assign(Object.create(null), { host: 'h' }) }).endpoint.kind).toBe('options');
      expect(resolve({ connection: { sentinels: [{ port: 1 }], name: 'm' } }).endpoint.kind).toBe('options');
      expect(resolve({ connection: { cluster: [{ port: 1 }] } }).endpoint.kind).toBe('cluster');
      expect(resolve({ connection: redis }).endpoint).toEqual({ kind: 'client', client: redis });
      expect(resolve({ connection: cluster }).endpoint).toEqual({ kind: 'client', client: cluster });
      redis.disconnect();
      cluster.disconnect();
    });

    it.each([
      ['a number', 6379, /redis:\/\/ URL/],
      ['null', null, /redis:\/\/ URL/],
      ['a function', Redis, /redis:\/\/ URL/],
      ['an instance of something else', new Map(), /no ioredis client/],
      [
        'a wrapper around a client',
        new (class Wrapper {
          readonly redis = {};
        })(),
        /no ioredis client/,
      ],
      ['several servers', ['redis://a', 'redis://b', 'redis://c'], /not supported by this version/],
      ['an empty array', [], /not supported by this version/],
      ['options that say nothing of a server', { lazyConnect: true }, /none of host, port/],
      ['a prefix of the client that hashes nothing', { host: 'h', keyPrefix: '{}' }, /braces are empty/],
      ['the same in a URL', 'redis://h?keyPrefix=%7B%7D', /braces are empty/],
      ['a prefix of the client with text behind an open brace', { host: 'h', keyPrefix: 'a{b' }, /open brace/],
      ['the same in a URL', 'redis://h?keyPrefix=a%7Bb', /open brace/],
      ['the same in a Cluster', { cluster: [{ port: 1 }], options: { keyPrefix: '{{' } }, /open brace/],
      ['the same in a client', new Redis({ lazyConnect: true, keyPrefix: '}a{b' }), /open brace/],
      ['an explicit undefined', undefined, /"connection" is undefined/],
      ['a host that is not set', { host: undefined }, /"connection.host" is undefined/],
      ['a host that is not set beside a port', { host: undefined, port: 6379 }, /"connection.host" is undefined/],
      ['sentinels that are not set', { sentinels: undefined, name: 'main' }, /"connection.sentinels" is undefined/],
      ['a password that is not set, alone', { password: undefined }, /none of host, port/],
      [
        'a node of a Cluster that is not set',
        { cluster: [{ host: undefined, port: 1 }] },
        /"connection.cluster.host" is undefined/,
      ],
      ['a Cluster without nodes', { cluster: [] }, /at least one node/],
      ['a Cluster with a node for nodes', { cluster: { port: 1 } }, /at least one node/],
      [
        'a Cluster with options beside it',
        { cluster: [{ port: 1 }], keyPrefix: 'x' },
        /beside cluster there is only options/,
      ],
    ])('refuses %s, and never dials localhost instead', (_, connection, remedy) => {
      const error = refusal({ connection });
      expect(error.option).toMatch(/^connection/);
      expect(error.message).toMatch(remedy);
    });

    it.each(['a{', '}a{', '{a}b{c', 'a}b', '{a}:'])(
      'takes the prefix %j of a client: all keys of a lock lie together',
      (keyPrefix) => {
        expect(resolve({ connection: { host: 'h', keyPrefix } }).endpoint.kind).toBe('options');
      },
    );

    it('says of a string that is no URL that it is a string, even though it does not print it', () => {
      expect(refusal({ connection: 'host:6379' }).message).toMatch(/^Option "connection" is ("|a string)/);
    });

    it.each([
      '',
      'host:6379',
      `default:${SECRET}@host:6379`,
      `:${SECRET}@host`,
      `redis:default:${SECRET}@host`,
      `http://user:${SECRET}@host`,
      `redis://user:with/${SECRET}@host`,
      `redis://user:with@${SECRET}@ho st`,
      `redis://user:with//${SECRET}@host:x`,
      `redis:/user:${SECRET}@host`,
      `redis://${SECRET}@host:no-port`,
      `redis://host:no-port?password=${SECRET}`,
      ` redis://user:${SECRET}@host`,
    ])('refuses the URL %j and does not print its password', (connection) => {
      const error = refusal({ connection });
      expect(error).toMatchObject({ option: 'connection' });
      expect(error.message).toMatch(/begins with redis:\/\/ or rediss:\/\//);
      expect(error.message).not.toContain(SECRET);
    });
  });
});
