import type { DynamicModule } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { RedisLockOptionsError } from './errors/redis-lock-options.error.js';
import type { RedisLockModuleAsyncOptions, RedisLockModuleExtras } from './interfaces/module-options.interface.js';
import { printValue } from './options/print-value.js';
import { equipInstances } from './with-lock/startup/late-injection.js';
import { LockLogger } from './redis-lock.logger.js';
import { checkMethods, completeMethods } from './with-lock/startup/method-check.js';
import { ConfigurableModuleClass } from './redis-lock.module-definition.js';
import { checkName } from './options/module-options.js';
import { createFilterProviders, createLockProvider, type BackendFactory } from './redis-lock.providers.js';

/** Completes what the module builder made with the service itself, under the token of its name. */
export function withLockService(
  definition: DynamicModule,
  options: RedisLockModuleExtras & { name?: string },
  createBackend: BackendFactory,
): DynamicModule {
  const { name, isGlobal } = options;
  checkName(name);
  if (isGlobal !== undefined && typeof isGlobal !== 'boolean') {
    throw new RedisLockOptionsError({ option: 'isGlobal', value: printValue(isGlobal), remedy: 'pass true or false' });
  }
  const provider = createLockProvider(name, createBackend);
  return {
    ...definition,
    providers: [...(definition.providers ?? []), provider, ...createFilterProviders()],
    exports: [provider.provide],
  };
}

export function assertOneFactory(options: RedisLockModuleAsyncOptions): void {
  const given = (['useFactory', 'useClass', 'useExisting'] as const).filter((name) => options[name] !== undefined);
  if (given.length === 1) return;
  const value = given.length === 0 ? 'missing' : `given beside ${given.slice(1).join(' and ')}`;
  throw new RedisLockOptionsError({
    option: given[0] ?? 'useFactory',
    value,
    remedy: 'pass exactly one of useFactory, useClass and useExisting',
  });
}

/** What must be done before Nest makes its routes: when a module of ours is made. */
export function completeApp(modules: ModulesContainer): void {
  completeMethods(modules);
}

/** Apps that have been looked at: of several lock modules in one, the first does it for all. */
const seenApps = new WeakSet<ModulesContainer>();

/**
 * Looks at the whole app, once its modules are made and before it serves anyone.
 *
 * @throws {RedisLockOptionsError} when a lock in it cannot work.
 */
export function prepareApp(modules: ModulesContainer): void {
  if (seenApps.has(modules)) return;
  seenApps.add(modules);
  assertUniqueNames(modules);
  // Once more, for what was made by factories meanwhile.
  completeMethods(modules);
  checkMethods(modules, new LockLogger());
  equipInstances(modules);
}

/** Two services under one token would make it a matter of import order which of them a class gets. */
function assertUniqueNames(modules: ModulesContainer): void {
  const seen = new Map<unknown, unknown>();
  for (const module of modules.values()) {
    if (!(module.metatype.prototype instanceof ConfigurableModuleClass)) continue;
    for (const token of module.exports) {
      if (seen.has(token)) throw duplicate(token, seen.get(token) === module.metatype ? SAME : OTHER);
      seen.set(token, module.metatype);
    }
  }
}

const SAME = 'import the module once, in the root module, or give each a name of its own';
const OTHER =
  'in a test of an app that imports RedisLockModule, call useLocksInMemory(builder) instead of importing RedisLockTestingModule beside it';

function duplicate(token: unknown, advice: string): RedisLockOptionsError {
  const name = typeof token === 'string' ? /\((.*)\)/u.exec(token)?.[1] : undefined;
  const remedy = `two lock modules have this name; ${advice}`;
  return new RedisLockOptionsError({
    option: 'name',
    value: name === undefined ? 'the default' : printValue(name),
    remedy,
  });
}
