import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../sample/redis/free-port.js';
import { eventually } from '../support/eventually.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { runProgram, type RunningProgram } from '../support/run-program.js';
import { rejection } from '../support/watch.js';

const PATIENCE = 60_000;

describe('C10: a set of keys beside those who want one of them', () => {
  let server: RedisServer;
  let one: NestContext;
  let two: NestContext;
  let three: NestContext;
  const programs: RunningProgram[] = [];

  const waitingFor = async (key: string): Promise<number> => (await one.locks.inspect(key))?.waitingProcesses ?? 0;
  /** Another process whose callers take one key over and over. */
  const startCrowd = async (key: string, holdMs: number): Promise<void> => {
    const program = runProgram('integration/programs/contender.ts', {
      URL: server.url,
      KEY: key,
      CALLERS: '3',
      HOLD_MS: String(holdMs),
      WAIT: String(PATIENCE),
    });
    programs.push(program);
    await eventually(() => program.output().includes('+++'), PATIENCE);
  };

  beforeEach(async () => {
    server = await startRedis();
    const lock = { connection: server.url, keyPrefix: 'lock:' };
    [one, two, three] = await Promise.all([startContext({ lock }), startContext({ lock }), startContext({ lock })]);
  });
  afterEach(async () => {
    for (const program of programs) program.kill('SIGKILL');
    await Promise.all(programs.splice(0).map(({ exited }) => exited));
    await Promise.all([one, two, three].map(({ app }) => app.close()));
    await server.stop('SIGKILL');
  });

  it('a set that waits for one key keeps nobody from the other', async () => {
    const b = await one.locks.acquire('b');
    const set = two.locks.acquire(['a', 'b'], { wait: PATIENCE });
    await eventually(async () => (await waitingFor('b')) === 1);
    for (let times = 0; times < 200; times += 1) {
      const a = await three.locks.tryAcquire('a');
      expect(a).not.toBeNull();
      await a?.release();
    }
    await b.release();
    const lock = await set;
    expect(lock.keys).toEqual(['a', 'b']);
    expect(await three.locks.tryAcquire('a')).toBeNull();
    await lock.release();
  });

  it('tries of two keys that fail make no try of one of them busy', async () => {
    const b = await one.locks.acquire('b');
    let isOver = false;
    let failed = 0;
    const tries = async (): Promise<void> => {
      while (!isOver) {
        expect(await two.locks.tryAcquire(['a', 'b'])).toBeNull();
        failed += 1;
      }
    };
    const trying = Promise.all([tries(), tries(), tries()]);
    let busy = 0;
    for (let times = 0; times < 500 || failed < 500; times += 1) {
      const a = await three.locks.tryAcquire('a');
      if (a === null) busy += 1;
      await a?.release();
    }
    isOver = true;
    await trying;
    expect(busy).toBe(0);
    await b.release();
  });

  it('W7: a set does not starve beside crowds of other processes on each of its keys', async () => {
    await Promise.all([startCrowd('a', 5), startCrowd('b', 8)]);
    for (let times = 0; times < 3; times += 1) {
      const lock = await two.locks.acquire(['a', 'b'], { wait: PATIENCE });
      await lock.release();
    }
    // The crowds go on.
    const printed = programs.map((program) => program.output().length);
    await eventually(
      () => programs.every((program, index) => program.output().length > (printed[index] ?? 0)),
      PATIENCE,
    );
    for (const program of programs) expect(program.output()).not.toContain('LOCK_');
  });

  it('W7: nor beside a crowd of its own process and one of another', async () => {
    await startCrowd('b', 8);
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) await two.locks.withLock('a', { wait: PATIENCE }, () => sleep(5));
    };
    const crowd = Promise.all([caller(), caller(), caller()]);
    for (let times = 0; times < 3; times += 1)
      await two.locks.withLock(['a', 'b'], { wait: PATIENCE }, () => undefined);
    isOver = true;
    await crowd;
  });

  it('sets that overlap in a circle, in any order, all come in, one at a time', async () => {
    const inside = new Set<string>();
    const rounds = async ({ locks }: NestContext, keys: readonly [string, string]): Promise<void> => {
      for (let round = 0; round < 60; round += 1) {
        await locks.withLock(keys, { wait: PATIENCE }, async () => {
          for (const key of keys) expect(inside.has(key)).toBe(false);
          keys.forEach((key) => inside.add(key));
          await Promise.resolve();
          keys.forEach((key) => inside.delete(key));
        });
      }
    };
    await Promise.all([
      rounds(one, ['a', 'b']),
      rounds(two, ['c', 'b']),
      rounds(three, ['a', 'c']),
      rounds(one, ['b', 'a']),
      rounds(two, ['a', 'c']),
    ]);
    expect(((await server.command('KEYS', 'lock:*')) as string[]).sort()).toEqual([]);
  });

  it('of which one holds data of another type is refused in a try, too, and the others are free', async () => {
    await server.command('LPUSH', 'lock:b', 'item');
    expect(await rejection(one.locks.tryAcquire(['a', 'b']))).toMatchObject({ code: 'LOCK_BACKEND', key: 'b' });
    const a = await two.locks.tryAcquire('a');
    expect(await a?.release()).toBe('released');
  });
});

describe('C10: a set of keys on a Cluster', () => {
  let server: RedisServer;
  let one: NestContext;
  let two: NestContext;

  beforeEach(async () => {
    server = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())] });
    await server.command('CONFIG', 'SET', 'cluster-announce-ip', '127.0.0.1');
    await server.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await eventually(async () => String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const lock = { connection: { cluster: [{ host: '127.0.0.1', port: server.port }] }, keyPrefix: 'lock:' };
    [one, two] = await Promise.all([startContext({ lock }), startContext({ lock })]);
  });
  afterEach(async () => {
    await Promise.all([one.app.close(), two.app.close()]);
    await server.stop('SIGKILL');
  });

  it.each([
    ['in other slots is taken one after the other', ['a', 'b'] as const, true],
    ['with one hash tag is taken at once', ['{stock}a', '{stock}b'] as const, false],
  ])('%s', async (_, [a, b], holds) => {
    const busy = await one.locks.acquire(b);
    const set = two.locks.acquire([a, b], { wait: PATIENCE });
    await eventually(async () => ((await one.locks.inspect(b))?.waitingProcesses ?? 0) === 1);
    expect((await one.locks.inspect(a)) !== null).toBe(holds);
    await busy.release();
    const lock = await set;
    expect(await one.locks.tryAcquire([a, b])).toBeNull();
    expect(await lock.release()).toBe('released');
  });
});
