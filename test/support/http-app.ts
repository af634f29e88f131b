import type { Server } from 'node:http';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedisLockModule, RedisLockService, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { WARM_UP } from './patience.mjs';
import { RecordingLogger } from './recording-logger.js';
import { sendCommand } from './send-command.js';
import { uniqueKey } from './unique-key.js';

export interface Platform {
  readonly platform: string;
  readonly adapter: () => AbstractHttpAdapter;
}

export const PLATFORMS: readonly Platform[] = [
  { platform: 'Express', adapter: () => new ExpressAdapter() },
  { platform: 'Fastify', adapter: () => new FastifyAdapter() },
];

export interface HttpAppOptions extends ModuleMetadata {
  readonly lock?: RedisLockModuleOptions;
  readonly configure?: (app: INestApplication) => void;
}

/** A Nest app on a port of its own, with a lock service on a key prefix of its own. */
export interface HttpApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly locks: RedisLockService;
  readonly log: RecordingLogger;
  /** The keys of the locks that are taken, and of nothing else. */
  takenKeys(): Promise<string[]>;
  /** What a foreign program does that takes a lock, for `Infinity` without an expiry; returns what gives it back. */
  takeAsStranger(key: string, ttl?: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export async function startHttpApp(
  adapter: () => AbstractHttpAdapter,
  { lock, configure, imports = [], ...metadata }: HttpAppOptions,
): Promise<HttpApp> {
  const connection = process.env.TEST_REDIS_URL ?? '';
  const keyPrefix = `${uniqueKey('app')}:`;
  const options = { connection, keyPrefix, defaults: WARM_UP, ...lock };
  const root = { module: class RootModule {}, imports: [RedisLockModule.forRoot(options), ...imports], ...metadata };
  const log = new RecordingLogger();
  const app = await NestFactory.create(root, adapter(), { logger: log, abortOnError: false });
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  return {
    app,
    url: await app.getUrl(),
    locks: app.get(RedisLockService),
    log,
    takenKeys: async () =>
      ((await sendCommand(connection, 'KEYS', `${keyPrefix}*`)) as string[])
        .map((key) => key.slice(keyPrefix.length))
        .sort(),
    takeAsStranger: async (key, ttl = 60_000) => {
      await sendCommand(connection, 'SET', keyPrefix + key, 'a stranger', ...(ttl === Infinity ? [] : ['PX', ttl]));
      return async () => void (await sendCommand(connection, 'DEL', keyPrefix + key));
    },
    close: () => {
      // A client may have opened one that it never used, which is not idle to Node.
      (app.getHttpServer() as Server).closeAllConnections();
      return app.close();
    },
  };
}
