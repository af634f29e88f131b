import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { runProgram, type RunningProgram } from '../support/run-program.js';

const OUTCOMES = {
  idle: undefined,
  acquire: ['rejected', 'rejected', 'fulfilled'],
  renew: 'unreachable',
  extend: 'LockBackendError',
  release: ['LockBackendError', 'LockBackendError'],
  'with-lock': 'result',
  dispose: 'disposed',
  operator: ['LockBackendError', 'LockBackendError'],
};

describe('C3: a process whose Redis is killed', () => {
  let server: RedisServer;
  let program: RunningProgram;

  beforeAll(async () => {
    server = await startRedis();
    program = runProgram('integration/programs/redis-killed.ts', { REDIS_URL: server.url });
    await program.printed(/ready/);
    await server.stop('SIGKILL');
    program.kill('SIGUSR2');
    await program.exited;
  });
  afterAll(() => program.kill('SIGKILL'));

  it('goes on and ends by itself, and nothing is unhandled', async () => {
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.output()).not.toMatch(/unhandledRejection|uncaughtException|warning/);
    expect(program.output().trim().split('\n')).toEqual(['ready', expect.any(String), 'closed', 'exit code 0']);
  });

  it.each(Object.entries(OUTCOMES))('%s comes to its end', (work, outcome) => {
    const outcomes = JSON.parse(program.output().split('\n')[1] ?? '{}') as Record<string, unknown>;
    expect(outcomes[work]).toEqual(outcome);
  });
});
