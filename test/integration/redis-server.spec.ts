import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guard } from '../../sample/redis/guardian.js';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { isAlive } from '../support/is-alive.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { uniqueKey } from '../support/unique-key.js';

describe('startRedis()', () => {
  let server: RedisServer;

  beforeEach(async () => {
    server = await startRedis();
  });

  afterEach(() => server.stop('SIGKILL'));

  it('starts an empty server without persistence that answers', async () => {
    expect(await server.command('PING')).toBe('PONG');
    expect(await server.command('DBSIZE')).toBe(0);
    expect(await server.command('CONFIG', 'GET', 'save')).toEqual(['save', '']);
    expect(await server.command('CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1']);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'leaves neither process nor folder after stop(%s), also when it was paused',
    async (signal) => {
      server.pause();
      await server.stop(signal);
      expect(isAlive(server.pid)).toBe(false);
      expect(existsSync(server.folder)).toBe(false);
    },
  );

  it('leaves no folder when the server dies by itself', async () => {
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    expect(existsSync(server.folder)).toBe(false);
  });

  it('answers nothing while paused and everything once resumed', async () => {
    const answered = deferred();
    server.pause();
    const answer = server.command('PING').finally(() => answered.resolve());
    await expect(Promise.race([answered.promise.then(() => 'answered'), pause(100)])).resolves.toBe('silent');
    server.resume();
    await expect(answer).resolves.toBe('PONG');
  });

  it('starts again on the port that it had, without its data', async () => {
    await server.command('SET', 'name', 'value');
    await server.stop();
    server = await startRedis({ port: server.port });
    expect(await server.command('GET', 'name')).toBeNull();
  });

  it('hands arguments on to the server', async () => {
    const small = await startRedis({ args: ['--maxmemory', '7mb'] });
    try {
      expect(await small.command('CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', `${7 * 1024 * 1024}`]);
    } finally {
      await small.stop('SIGKILL');
    }
  });

  it('says what the server said when it does not start', async () => {
    await expect(startRedis({ args: ['--no-such-setting', '1'] })).rejects.toThrow(/no-such-setting/);
    await expect(startRedis({ port: server.port })).rejects.toThrow(/in use/);
  });

  it('counts commands', async () => {
    await resetCommandCounts(server.url);
    await server.command('SET', 'name', 'value');
    await server.command('EVAL', "return redis.call('get', KEYS[1])", 1, 'name');
    expect(await commandCounts(server.url)).toMatchObject({ set: 1, eval: 1, get: 1 });
  });
});

describe('the shared server', () => {
  it('answers at TEST_REDIS_URL', async () => {
    expect(await commandCounts(process.env.TEST_REDIS_URL ?? '')).toBeDefined();
    expect(uniqueKey()).not.toBe(uniqueKey());
  });
});

describe('guard()', () => {
  it('ends the process and removes the folder when the pipe to its parent closes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guarded-'));
    const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
    const exit = once(sleeper, 'exit');
    guard(sleeper.pid as number, folder).stdin?.destroy();
    expect(await exit).toEqual([null, 'SIGKILL']);
    await eventually(() => !existsSync(folder));
  });
});

const pause = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(resolve, ms, 'silent'));
