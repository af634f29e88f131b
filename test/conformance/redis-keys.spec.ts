import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { LockKeyError } from '../../lib/errors/lock-key.error.js';
import { toKey } from '../../lib/options/lock-keys.js';
import { keyOf, keysOf, userKey, type KeySpace } from '../../lib/stores/redis-keys.js';
import { openRedisStore, type TestRedisStore } from '../support/redis-store.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { sendCommand } from '../support/send-command.js';
import { uniqueKey } from '../support/unique-key.js';

const USER_KEYS = [
  'order:1',
  '{order}:1',
  'order:{1}',
  'a}b',
  '}',
  'a{b',
  '{',
  '{}',
  '{}{order}',
  'a{}b',
  '{{order}}',
  '}order{',
  'ключ🔒',
];
const CLIENT_PREFIXES = ['', 'app:', '{app}:', 'app}:', 'app{', '}app{', '{app}x{y'];
const PREFIXES = ['lock:', '', '{lock}:', 'lo}ck:', '{lock'];

/** Redis Cluster's own judgement, from a server in cluster mode that owns every slot. */
describe('the keys of one lock', () => {
  let server: RedisServer;
  let slotOf: (key: string) => Promise<unknown>;
  let client: Redis;

  beforeAll(async () => {
    server = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', '0'] }).catch(() =>
      startRedis({ args: ['--cluster-enabled', 'yes'] }),
    );
    client = (await openRedisStore({}, 'lock:', server.url)).client;
    slotOf = (key) => client.cluster('KEYSLOT', key);
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop('SIGKILL');
  });

  it.each(CLIENT_PREFIXES)('T1: lie in one slot under the keyPrefix %j of the client', async (clientPrefix) => {
    const apart: string[] = [];
    for (const { space, key } of locks(clientPrefix)) {
      const [lock, fence] = await Promise.all(
        keysOf(space, key, ['key', 'fence']).map((name) => slotOf(clientPrefix + name)),
      );
      if (lock !== fence) apart.push(space.prefix + key);
    }
    expect(apart).toEqual([]);
  });

  it.each(CLIENT_PREFIXES)('are never those of another lock, under the keyPrefix %j of the client', (clientPrefix) => {
    for (const prefix of PREFIXES) {
      const space = { clientPrefix, prefix };
      const names = USER_KEYS.flatMap((key) => keysOf(space, key, ['key', 'fence', 'queue']));
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    }
  });

  it.each(['', '{tag}', '{', 'lock:', '{x}x'])(
    'cannot be spelled by whoever chooses a key of a lock, under the keyPrefix %j',
    (prefix) => {
      const spaces = [
        ...CLIENT_PREFIXES.map((clientPrefix) => ({ clientPrefix, prefix })),
        { clientPrefix: '', prefix: '' },
      ];
      for (const helper of spaces.flatMap((space) =>
        USER_KEYS.flatMap((key) => keysOf(space, key, ['fence', 'queue'])),
      )) {
        if (helper.startsWith(prefix)) expect(() => toKey(helper.slice(prefix.length))).toThrow(LockKeyError);
      }
    },
  );

  it.each(CLIENT_PREFIXES)('tell the key that the user chose, under the keyPrefix %j of the client', (clientPrefix) => {
    for (const { space, key } of locks(clientPrefix))
      expect(userKey(space, clientPrefix + keyOf(space, key, 'key'))).toBe(key);
  });
});

it('names are made in no time, whatever the key: callers choose it', () => {
  const { user: begin } = process.cpuUsage();
  for (let number = 0; number < 100; number += 1) keyOf({ clientPrefix: '', prefix: 'lock:' }, `${number}}`, 'fence');
  // Milliseconds of the processor. A hundredth of one each is what others take.
  expect((process.cpuUsage().user - begin) / 1_000).toBeLessThan(300);
});

function locks(clientPrefix: string): { space: KeySpace; key: string }[] {
  return PREFIXES.flatMap((prefix) => USER_KEYS.map((key) => ({ space: { clientPrefix, prefix }, key })));
}

describe('what is written to Redis', () => {
  const url = process.env.TEST_REDIS_URL ?? '';
  let subject: TestRedisStore;

  afterAll(() => subject.close());

  it.each([
    { clientPrefix: undefined, prefix: 'lock:', expected: 'lock:' },
    { clientPrefix: 'app:', prefix: 'lock:', expected: 'app:lock:' },
    { clientPrefix: 'app:', prefix: '', expected: 'app:' },
    { clientPrefix: undefined, prefix: '', expected: '' },
  ])(
    'the lock is the plain string at $expected<key> (client $clientPrefix, module $prefix)',
    async ({ clientPrefix, prefix, expected }) => {
      subject = await openRedisStore(clientPrefix === undefined ? {} : { keyPrefix: clientPrefix }, prefix);
      const key = uniqueKey();
      await subject.store.acquire({ key, value: 'owner', ttl: 5_000, tokens: 1 });
      expect(await sendCommand(url, 'GET', `${expected}${key}`)).toBe('owner');
      expect(await sendCommand(url, 'PTTL', `${expected}${key}`)).toBeGreaterThan(3_000);
      await subject.store.release(key, 'owner', 0);
      const left = (await sendCommand(url, 'KEYS', `*${key}*`)) as string[];
      expect(left).toHaveLength(1);
      expect(await sendCommand(url, 'PTTL', left[0] as string)).toBeGreaterThan(0);
      await subject.close();
    },
  );
});
