import type { LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RedisLockModule, RedisLockService, type RedisLockModuleOptions } from '../../lib/index.js';

export interface TestLocks {
  readonly locks: RedisLockService;
  /** What was written to Nest's logger at the levels of warnings and errors. */
  readonly warnings: string[];
  close(): Promise<void>;
}

/** An app with the module as users import it; by default on the server that all suites share. Several of them play several processes. */
export async function openLocks(options: RedisLockModuleOptions = {}): Promise<TestLocks> {
  const warnings: string[] = [];
  const note = (message: unknown): void => void warnings.push(String(message));
  const quiet = (): void => undefined;
  const logger: LoggerService = { log: quiet, debug: quiet, verbose: quiet, warn: note, error: note, fatal: note };
  const connection = process.env.TEST_REDIS_URL ?? '';
  const builder = Test.createTestingModule({ imports: [RedisLockModule.forRoot({ connection, ...options })] }).setLogger(logger);
  const module = await (await builder.compile()).init();
  return { locks: module.get(RedisLockService), warnings, close: () => module.close() };
}
