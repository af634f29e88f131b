import { expect } from '@jest/globals';
import { Redis } from 'ioredis';
import type { RedisLockModuleOptions } from 'nestjs-redis-lock';
import { eventually } from '../../../support/eventually.js';
import { startContext, type NestContext } from '../../../support/nest-context.js';
import { PATIENCE_MS } from '../../../support/patience.mjs';
import { startRedis, type RedisServer } from '../../../support/redis-server.js';
import { startContender, type Contender, type ContenderSettings } from './contender.js';
import { watchDelay } from '../../../support/delay.js';

/** What a lost wake-up, a dead or frozen process, a killed waiter may cost the next caller. */
const FREE_MS = 2_000;
/** What a try, its reply and a wake-up take on a machine that does nothing else. */
const ROUND_TRIPS_MS = 100;

/** A server, apps in this process and in others, and a judge of how long a free lock waited for its next holder. */
export interface Scene {
  readonly server: RedisServer;
  /** An app in this process; for Redis it is a process like any other. */
  open(lock?: RedisLockModuleOptions): Promise<NestContext>;
  start(settings: ContenderSettings): Promise<Contender>;
  /** So many processes stand in the queue of the key. */
  queued(count: number, key?: string): Promise<void>;
  /** `ms`, and what machine and server have lost since `from`. */
  limit(ms: number, from: number): number;
  /** The lock was free from `free` on, which is a time of `performance.now()`, and was taken now. */
  judgeFree(free: number): void;
  close(): Promise<void>;
}

export async function openScene(): Promise<Scene> {
  const server = await startRedis();
  const delay = watchDelay(server.url);
  const contexts: NestContext[] = [];
  const contenders: Contender[] = [];
  const open: Scene['open'] = async (lock = {}) => {
    const context = await startContext({
      lock: { connection: server.url, keyPrefix: 'lock:', shutdownGrace: 0, ...lock },
    });
    contexts.push(context);
    return context;
  };
  const looker = await open();
  return {
    server,
    open,
    start: async (settings) => {
      const contender = await startContender(server.url, settings);
      contenders.push(contender);
      return contender;
    },
    queued: async (count, key = 'a') =>
      void (await eventually(async () => (await looker.locks.inspect(key))?.waitingProcesses === count, PATIENCE_MS)),
    limit: (ms, from) => delay.limit(ms + ROUND_TRIPS_MS, from),
    judgeFree: (free) => expect(performance.now() - free).toBeLessThan(delay.limit(FREE_MS + ROUND_TRIPS_MS, free)),
    close: async () => {
      for (const contender of contenders) contender.kill('SIGKILL');
      await Promise.all(contexts.map(({ app }) => app.close()));
      delay.stop();
      await server.stop('SIGKILL');
    },
  };
}

/** A client whose duplicates, of which the inbox is one, go by another way. */
export function openClient(url: string, duplicatesUrl: string): Redis {
  const client: Redis = new Redis(url);
  client.on('error', () => undefined);
  const duplicate = client.duplicate.bind(client);
  const { hostname: host, port } = new URL(duplicatesUrl);
  client.duplicate = (override) => duplicate({ ...override, host, port: Number(port) });
  return client;
}
