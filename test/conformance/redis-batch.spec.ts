import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineScriptForEach } from '../../lib/stores/scripts/define-script.js';
import { StoreFailure } from '../../lib/engine/lock-store.interface.js';
import { ScriptBatcher } from '../../lib/stores/script-batcher.js';
import { ScriptRunner } from '../../lib/stores/script-runner.js';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { openRedisStore, type TestRedisStore } from '../support/redis-store.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { eventually } from '../support/eventually.js';
import { watch } from '../support/watch.js';

const TTL = 10_000;

/** Errors as the two generations of Redis raise them in scripts. */
const POISONED = defineScriptForEach('poisoned', {
  keys: ['key'],
  args: ['how'],
  lua: /* lua */ `
  if how == 'wrong type' then
    redis.call('LPUSH', key, 'item')
    return redis.call('INCR', key)
  end
  if how == 'text' then error('@user_script: 12: -READONLY You can not write against a read only replica.', 0) end
  if how == 'table' then error({ err = 'OOM command not allowed' }) end
  if how == 'bug' then return how + redis end
  return 1`,
  decode: (reply) => reply,
});

describe('RedisStore sends what comes in one tick as one command', () => {
  let server: RedisServer;
  let subject: TestRedisStore;

  const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `key-${index}`);
  const acquire = (key: string, value = 'mine') => subject.store.acquire({ key, value, ttl: TTL, tokens: 1 });
  const commands = async (): Promise<{ evalsha: number; evals: number }> => {
    const { evalsha = 0, eval: evals = 0 } = await commandCounts(server.url);
    return { evalsha, evals };
  };
  const underWay = (): Promise<unknown> => acquire('under way', `${Math.random()}`);

  beforeEach(async () => {
    server = await startRedis();
    subject = await openRedisStore({}, 'lock:', server.url);
    const { store } = subject;
    // Every script is known to the server before anything is counted.
    await acquire('warm');
    await store.renew('warm', 'mine', TTL);
    await store.release('warm', 'mine', 0);
    await resetCommandCounts(server.url);
  });
  afterEach(async () => {
    await subject.close();
    await server.stop('SIGKILL');
  });

  it('one call is one command', async () => {
    await acquire('a');
    expect(await commands()).toEqual({ evalsha: 1, evals: 0 });
  });

  it('a crowd is one command behind the first', async () => {
    await Promise.all(keys(100).map((key) => acquire(key)));
    expect((await commands()).evalsha).toBe(2);
  });

  it('renewals and releases are joined too', async () => {
    await Promise.all(keys(100).map((key) => acquire(key)));
    await resetCommandCounts(server.url);
    await Promise.all([underWay(), ...keys(100).map((key) => subject.store.renew(key, 'mine', TTL))]);
    await Promise.all([underWay(), ...keys(100).map((key) => subject.store.release(key, 'mine', 0))]);
    expect((await commands()).evalsha).toBe(4);
  });

  it('a batch does not grow beyond what a server should do in one piece', async () => {
    const outcomes = await Promise.all(keys(1_000).map((key) => acquire(key)));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['acquired']));
    const { evalsha } = await commands();
    expect(evalsha).toBeGreaterThanOrEqual(Math.ceil(1_000 / 128));
    expect(evalsha).toBeLessThanOrEqual(20);
  });

  it('what comes in another tick does not wait for a reply', async () => {
    server.pause();
    const first = acquire('a');
    await new Promise((resolve) => setImmediate(resolve));
    const second = acquire('b');
    server.resume();
    await Promise.all([first, second]);
    expect((await commands()).evalsha).toBe(2);
  });

  it('an entry that fails does not fail the others', async () => {
    await server.command('HSET', 'lock:data', 'field', 'value');
    const good = watch(acquire('good'));
    const outcomes = await Promise.allSettled([underWay(), acquire('before'), acquire('data'), acquire('after')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect((outcomes[2] as PromiseRejectedResult).reason).toMatchObject({ name: 'StoreFailure', transient: false });
    expect(good.state).toBe('fulfilled');
  });

  it.each([
    { how: 'wrong type', error: /WRONGTYPE/, transient: false },
    { how: 'text', error: /READONLY/, transient: true },
    { how: 'table', error: /OOM/, transient: true },
    { how: 'bug', error: /attempt to/, transient: false },
  ])('a script that fails for one lock ($how) is a failure of that lock alone', async ({ how, error, transient }) => {
    const runner = new ScriptRunner(subject.client);
    const batcher = new ScriptBatcher(runner);
    const first = batcher.send(POISONED, ['first'], ['']);
    const outcomes = await Promise.allSettled(
      ['', how, ''].map((arg, index) => batcher.send(POISONED, [`batched-${index}`], [arg])),
    );
    runner.detach();
    expect(await first).toBe(1);
    expect((await commands()).evalsha + (await commands()).evals).toBe(2);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const failure: unknown = (outcomes[1] as PromiseRejectedResult).reason;
    expect(failure).toMatchObject({
      name: 'StoreFailure',
      message: expect.stringMatching(error),
      transient,
      applied: 'unknown',
    });
  });

  it('a batch that was not sent tells each of its callers', async () => {
    const crowd = keys(5).map((key) => acquire(key));
    subject.client.disconnect();
    const outcomes = (await Promise.allSettled(crowd)).slice(1);
    await eventually(() => subject.client.status === 'end');
    expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual(
      Array(4).fill(expect.any(StoreFailure)),
    );
  });
});
