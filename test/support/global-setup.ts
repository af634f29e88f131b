import { mkdtempSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisServer } from './redis-server.js';

declare global {
  // The servers of the whole run, for global-teardown.ts.
  var sharedRedis: readonly RedisServer[] | undefined;
}

/**
 * Starts a Redis server for each worker of jest, so that counts of commands are those of one suite; use-own-server.ts puts its url into
 * `TEST_REDIS_URL`. Suites that disturb their server start one of their own.
 */
export default async function globalSetup({ maxWorkers }: { readonly maxWorkers: number }): Promise<void> {
  resolveJsAsTs();
  process.env.TEST_LEAK_COUNTS = join(mkdtempSync(join(tmpdir(), 'leaks-')), 'counts');
  const { installIfMissing, requireProgram } = await import('./require-program.js');
  const { NATS_PROGRAM, RABBITMQ_PROGRAM } = await import('./broker-programs.js');
  const { REDIS_PROGRAM } = await import('./redis-program.js');
  const { startRedis } = await import('./redis-server.js');
  requireProgram(REDIS_PROGRAM);
  // Here, because two suites cannot install at once. Only the suites that need a broker fail without one.
  for (const program of [NATS_PROGRAM, RABBITMQ_PROGRAM]) installIfMissing(program);
  globalThis.sharedRedis = await Promise.all(Array.from({ length: maxWorkers }, () => startRedis()));
  process.env.TEST_REDIS_URLS = globalThis.sharedRedis.map(({ url }) => url).join(' ');
}

/** Jest loads this file through Node's own resolver, which does not know that './x.js' stands for './x.ts', as jest.config.js tells the suites. */
function resolveJsAsTs(): void {
  const resolver = Module as unknown as {
    _resolveFilename(request: string, parent?: { readonly filename?: string }, ...rest: unknown[]): string;
  };
  const original = resolver._resolveFilename;
  resolver._resolveFilename = function (request, parent, ...rest) {
    const isOurs = request.startsWith('.') && parent?.filename?.endsWith('.ts') === true;
    return original.call(this, isOurs ? request.replace(/\.js$/, '') : request, parent, ...rest);
  };
}
