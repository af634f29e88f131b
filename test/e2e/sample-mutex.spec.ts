import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisLockService } from 'nestjs-redis-lock';
import { lockModule } from '../../sample/lock-module.js';
import { MutexDemo } from '../../sample/mutex/mutex-demo.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

describe.each([{ place: 'Redis' }, { place: 'memory' }])('the mutex demo in $place', ({ place }) => {
  let redis: RedisServer | undefined;
  let app: INestApplicationContext;
  let lines: string[];

  beforeAll(async () => {
    redis = place === 'Redis' ? await startRedis() : undefined;
    const module = { module: class DemoModule {}, imports: [lockModule(redis?.url)], providers: [MutexDemo] };
    app = await NestFactory.createApplicationContext(module, { logger: false });
  });

  afterAll(async () => {
    await app.close();
    await redis?.stop('SIGKILL');
  });

  it('goes through its six steps, twice', async () => {
    expect(await run()).toBe(true);
    expect(await run()).toBe(true);
    expect(lines).toEqual([
      'ok      1. the first acquire: acquired',
      'ok      2. a second on the same key: refused',
      'ok      3. a third, after a pause: refused',
      'ok      4. release: released',
      'ok      5. a fourth acquire: acquired',
      'ok      6. release: released',
    ]);
  });

  it('fails when a step goes another way, and tells which', async () => {
    const held = await app.get(RedisLockService).acquire('demo:mutex');
    expect(await run()).toBe(false);
    expect(lines[0]).toBe('FAILED  1. the first acquire: refused, should be acquired');
    await held.release();
  });

  function run(): Promise<boolean> {
    lines = [];
    return app.get(MutexDemo).run((line) => lines.push(line));
  }
});
