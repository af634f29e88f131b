import { setTimeout as sleep } from 'node:timers/promises';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Checkpoint } from '../support/checkpoint.js';
import { eventually } from '../support/eventually.js';
import { startContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const TERMS = { ttl: 60_000 };
/** Longer than a turn of the event loop, shorter than the grace. */
const REST_OF_THE_WORK_MS = 50;
const ROUNDS = 5;

/** Whoever lends a client closes it when Nest says that the app is over. */
class ClientOwner {
  constructor(private readonly client: Redis) {}

  async onApplicationShutdown(): Promise<void> {
    await this.client.quit();
  }
}

@Global()
@Module({})
class ClientModule {
  static of(client: Redis): DynamicModule {
    return { module: ClientModule, providers: [{ provide: ClientOwner, useFactory: () => new ClientOwner(client) }] };
  }
}

describe('O2: a shutdown with a borrowed client, which its owner closes in onApplicationShutdown()', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis();
  });
  beforeEach(() => server.command('FLUSHALL'));
  afterAll(() => server.stop('SIGKILL'));

  it.each(['finishes within the grace', 'is told when the grace is over'])(
    'nothing is left of a holder that %s',
    async (what) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const client: Redis = new Redis(server.url);
        const lock = {
          connection: client,
          keyPrefix: 'lock:',
          shutdownGrace: what === 'finishes within the grace' ? 10_000 : 0,
        };
        const { app, locks, log } = await startContext({ lock, imports: [ClientModule.of(client)] });
        const inside = new Checkpoint();
        const work = locks.withLock('a', TERMS, async ({ signal }) => {
          await inside.pass();
          await (what === 'finishes within the grace'
            ? sleep(REST_OF_THE_WORK_MS)
            : new Promise((resolve) => signal.addEventListener('abort', resolve)));
        });
        await inside.arrived();
        inside.open();
        await app.close();
        await work;
        await eventually(() => client.status === 'end');
        expect(await server.command('KEYS', 'lock:*')).toEqual([]);
        expect(log.at('error')).toEqual([]);
      }
    },
  );

  it('nothing is left of locks that are released in the turn in which the app closes', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const client: Redis = new Redis(server.url);
      const { app, locks } = await startContext({
        lock: { connection: client, keyPrefix: 'lock:' },
        imports: [ClientModule.of(client)],
      });
      const held = await Promise.all(['a', 'b', 'c'].map((key) => locks.acquire(key, TERMS)));
      const released = Promise.all(held.map((lock) => lock.release()));
      await app.close();
      expect(await released).toEqual(['released', 'released', 'released']);
      expect(await server.command('KEYS', 'lock:*')).toEqual([]);
    }
  });
});
