import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisLockService } from 'nestjs-redis-lock';
import { watchDelay, type Delay } from '../../support/delay.js';
import { eventually } from '../../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.js';
import { startContext, type NestContext } from '../../support/nest-context.js';
import { startRedis, type RedisServer } from '../../support/redis-server.js';
import { CLIENT_KINDS, type ClientKind, type TestClient } from './clients.js';
import { WARM_UP } from '../../support/patience.mjs';

export const PREFIX = 'lock:';
/** The engine's own deadline for a command, before it is scaled. */
export const COMMAND_TIMEOUT = 1_000;
const CLOSE_GRACE = 0;
/** Of those who shut down. */
export const LEAVE_GRACE = 200;

/** One app behind the proxy, on a client of one kind. */
export interface App {
  readonly kind: ClientKind;
  readonly client: TestClient;
  readonly locks: RedisLockService;
  /** Another app on the same client, to be shut down. */
  readonly leaving: NestContext;
  /** An app that takes the same keys, directly at the server. */
  readonly outside: RedisLockService;
}

/** A server, a proxy before it, and an app of each kind. */
export interface World {
  readonly apps: readonly App[];
  readonly proxy: FaultProxy;
  readonly server: RedisServer;
  /** A connection that was made before the trouble began. */
  readonly admin: Redis;
  /** How much time machine and server take away. */
  readonly delay: Delay;
  /** So many milliseconds, as slowly as this world goes. */
  scaled(ms: number): number;
  /** What the key holds. */
  valueOf(app: App, key: string): Promise<string | null>;
  /** How often the log says that a lock on this key was lost. */
  lossesTold(key: string): number;
  /** Kills the server. */
  kill(): Promise<void>;
  /** Starts it again, on its port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** `keepsData`: what was written is there after a restart. `scale` multiplies all times. */
export async function openWorld({ keepsData, scale }: { keepsData: boolean; scale: number }): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-data-'));
  const args = keepsData ? ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always'] : [];
  let server = await startRedis({ args });
  const proxy = await startFaultProxy(server.port);
  const admin: Redis = new Redis(server.url, {
    enableReadyCheck: false,
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
    disconnectTimeout: 100,
  });
  admin.on('error', () => undefined);
  const outsides = await Promise.all(['', 'app:'].map((keyPrefix) => openOutside(server.url, keyPrefix)));
  const contexts: NestContext[] = outsides.map(({ context }) => context);
  const apps = await Promise.all(
    CLIENT_KINDS.map(async (kind) => {
      const outside = outsides[kind.keyPrefix === '' ? 0 : 1] as (typeof outsides)[0];
      const app = await openApp(kind, proxy.url, outside.context.locks, scale);
      contexts.push(app.context, app.leaving);
      return app;
    }),
  );
  const delay = watchDelay(server.url);
  return {
    apps,
    proxy,
    admin,
    delay,
    scaled: (ms) => ms * scale,
    get server() {
      return server;
    },
    valueOf: ({ kind }, key) => admin.get(`${kind.keyPrefix}${PREFIX}${key}`),
    // Nest's logger is one for all apps of a process.
    lossesTold: (key) =>
      contexts.flatMap(({ log }) => log.at('warn')).filter((text) => text.includes(`"${key}" was lost`)).length,
    kill: () => server.stop('SIGKILL'),
    restart: async () => {
      server = await startRedis({ port: server.port, args });
      await eventually(() => admin.ping());
    },
    close: async () => {
      delay.stop();
      await Promise.all(contexts.map(({ app }) => app.close()));
      for (const { client } of [...apps, ...outsides]) client.disconnect();
      admin.disconnect();
      await proxy.close();
      await server.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openOutside(url: string, keyPrefix: string): Promise<{ client: Redis; context: NestContext }> {
  const client: Redis = new Redis(url, { keyPrefix, disconnectTimeout: 100 });
  client.on('error', () => undefined);
  const context = await startContext({ lock: { connection: client, keyPrefix: PREFIX, shutdownGrace: CLOSE_GRACE } });
  return { client, context };
}

async function openApp(
  kind: ClientKind,
  url: string,
  outside: RedisLockService,
  scale: number,
): Promise<App & { context: NestContext }> {
  const client = kind.open(url, scale);
  // By default as long as one round trip needs, and a second at least.
  const patience = scale === 1 ? {} : { commandTimeout: COMMAND_TIMEOUT * scale };
  const [context, leaving] = await Promise.all([
    startContext({ lock: { connection: client, keyPrefix: PREFIX, shutdownGrace: CLOSE_GRACE, ...patience } }),
    startContext({ lock: { connection: client, keyPrefix: PREFIX, shutdownGrace: LEAVE_GRACE, ...patience } }),
  ]);
  // Connected, and every script known.
  for (const { locks } of [context, leaving])
    await locks.withLock(`warm ${kind.name}`, WARM_UP, (lock) => lock.extend());
  return { kind, client, locks: context.locks, leaving, outside, context };
}
