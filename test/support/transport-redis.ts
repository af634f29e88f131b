import type { DynamicModule } from '@nestjs/common';
import { RedisLockModule } from 'nestjs-redis-lock';
import { commandCounts, resetCommandCounts } from './command-stats.js';
import { eventually } from './eventually.js';
import { startContext } from './nest-context.js';
import { startRedis } from './redis-server.js';
import { WARM_UP } from './patience.mjs';

/** A Redis server for the locks of one suite, and for nothing else: what is counted on it was done for locks. */
export interface LockRedis {
  readonly url: string;
  /** The lock module on this server, and a second service `broken` on an address where nobody answers. */
  readonly modules: DynamicModule[];
  /** Waits until all locks of `work` are given back; how many scripts it took: one for each acquisition and one for each release. */
  scriptsOf(work: () => unknown): Promise<number>;
  /** The keys that are there, but for those that only remember a fencing token. */
  left(): Promise<string[]>;
  untilNothingIsLeft(): Promise<void>;
  /** Ends all leases, as if their time had passed. */
  endLeases(): Promise<void>;
  /** What a foreign program does that takes a lock; returns what gives it back. */
  takeAsStranger(key: string): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

export async function startLockRedis(): Promise<LockRedis> {
  const { url, command, stop } = await startRedis();
  await teachScripts(url);
  const left = async (): Promise<string[]> =>
    ((await command('KEYS', '*')) as string[]).filter((key) => !key.endsWith('\x1ffence'));
  const untilNothingIsLeft = async (): Promise<void> =>
    void (await eventually(async () => (await left()).length === 0));
  return {
    url,
    modules: [
      RedisLockModule.forRoot({ connection: url }),
      RedisLockModule.forRoot({ name: 'broken', connection: 'redis://127.0.0.1:1' }),
    ],
    left,
    untilNothingIsLeft,
    endLeases: async () => void (await command('DEL', ...((await left()) as [string]))),
    scriptsOf: async (work) => {
      await resetCommandCounts(url);
      await work();
      await untilNothingIsLeft();
      const { evalsha = 0, eval: whole = 0 } = await commandCounts(url);
      return evalsha + whole;
    },
    takeAsStranger: async (key) => {
      await command('SET', `lock:${key}`, 'a stranger', 'PX', 60_000);
      return async () => void (await command('DEL', `lock:${key}`));
    },
    stop: () => stop('SIGKILL'),
  };
}

/** A script that the server does not know yet is sent, and counted, twice. */
async function teachScripts(connection: string): Promise<void> {
  const { app, locks } = await startContext({ lock: { connection } });
  await locks.withLock('warm', WARM_UP, () => undefined);
  await app.close();
}
