import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisLockModule, RedisLockService, type RedisLockModuleOptions } from 'nestjs-redis-lock';
import { WARM_UP } from './patience.mjs';
import { RecordingLogger } from './recording-logger.js';
import { uniqueKey } from './unique-key.js';

export interface NestContextOptions extends ModuleMetadata {
  readonly lock?: RedisLockModuleOptions;
}

/** A Nest app without a server, with a lock service on a key prefix of its own. */
export interface NestContext {
  readonly app: INestApplicationContext;
  readonly locks: RedisLockService;
  readonly log: RecordingLogger;
}

export async function startContext({ lock, imports = [], ...metadata }: NestContextOptions): Promise<NestContext> {
  const options = {
    connection: process.env.TEST_REDIS_URL ?? '',
    keyPrefix: `${uniqueKey('app')}:`,
    defaults: WARM_UP,
    ...lock,
  };
  const root = { module: class RootModule {}, imports: [RedisLockModule.forRoot(options), ...imports], ...metadata };
  const log = new RecordingLogger();
  const app = await NestFactory.createApplicationContext(root, { logger: log, abortOnError: false });
  return { app, locks: app.get(RedisLockService), log };
}
