import { Scope, type DynamicModule, type FactoryProvider, type InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { RedisLockOptionsError } from './errors/redis-lock-options.error.js';
import type { RedisLockModuleAsyncOptions, RedisLockModuleExtras } from './interfaces/module-options.interface.js';
import { noteModule, otherCopies, strangers } from './with-lock/startup/package-copies.js';
import { printValue } from './options/print-value.js';
import { checkInstances, orFail, registerApp } from './with-lock/startup/late-injection.js';
import { LockLogger } from './redis-lock.logger.js';
import { checkMethods, completeMethods } from './with-lock/startup/method-check.js';
import { ConfigurableModuleClass } from './redis-lock.module-definition.js';
import { assertSingletons } from './with-lock/startup/singletons.js';
import { checkName } from './options/module-options.js';
import { createFilterProviders, createLockProvider, type BackendFactory } from './redis-lock.providers.js';

type Module = NonNullable<ReturnType<ModulesContainer['get']>>;

/** Completes what the module builder made with the service itself, under the token of its name. */
export function withLockService(
  definition: DynamicModule,
  options: RedisLockModuleExtras & { name?: string },
  createBackend: BackendFactory,
): DynamicModule {
  assertNode();
  const { name, isGlobal } = options;
  checkName(name);
  if (isGlobal !== undefined && typeof isGlobal !== 'boolean') {
    throw new RedisLockOptionsError({ option: 'isGlobal', value: printValue(isGlobal), remedy: 'pass true or false' });
  }
  noteModule();
  const provider = createLockProvider(name, createBackend);
  const providers = [...(definition.providers ?? []), provider, ...createFilterProviders()];
  return {
    ...definition,
    // Read when Nest makes the app: all copies of the package are loaded by then.
    get providers() {
      return [...providers, ...strangers().map(refuseStranger)];
    },
    get exports() {
      return [...(definition.exports ?? []), provider.provide, ...(strangers() as InjectionToken[])];
    },
  };
}

/** By something that came with Node 20, and that keys are looked at with. */
function assertNode(): void {
  if ('isWellFormed' in String.prototype) return;
  throw new RedisLockOptionsError({
    option: 'Node.js',
    value: process.version,
    remedy: 'nestjs-redis-lock needs 20.19 or later; update it',
  });
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

/**
 * What must be done when a lock module is made: before Nest makes its routes, and also where it calls no hooks.
 *
 * @throws {RedisLockOptionsError} when two modules have one name, or options are made for each request.
 */
export function completeApp(modules: ModulesContainer): void {
  registerApp(modules);
  orFail(modules, () => {
    assertUniqueNames(modules);
    for (const module of lockModules(modules)) assertSingletons(module, modules);
  });
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
  orFail(modules, () => {
    // Once more, for what was made by factories meanwhile.
    completeMethods(modules);
    checkMethods(modules, new LockLogger());
    checkInstances(modules);
  });
}

/** Two services under one token would make it a matter of import order which of them a class gets. */
function assertUniqueNames(modules: ModulesContainer): void {
  const seen = new Map<unknown, unknown>();
  for (const module of lockModules(modules)) {
    for (const token of module.exports) {
      if (strangers().includes(token as object)) continue;
      if (seen.has(token)) throw duplicate(token, seen.get(token) === module.metatype ? SAME : OTHER);
      seen.set(token, module.metatype);
    }
  }
}

function lockModules(modules: ModulesContainer): readonly Module[] {
  return [...modules.values()].filter(({ metatype }) => metatype.prototype instanceof ConfigurableModuleClass);
}

/** Made only for whom it is injected into: the class of another copy of the package, which would not be told why Nest does not know it. */
function refuseStranger(service: object): FactoryProvider {
  const useFactory = (): never => {
    const remedy =
      'see that there is one: look at `npm ls nestjs-redis-lock`, and load it by import or by require() everywhere';
    throw new RedisLockOptionsError({
      option: 'RedisLockModule',
      value: `of another copy than the class that needs its service: ${otherCopies() ?? ''}`,
      remedy,
    });
  };
  return { provide: service as InjectionToken, scope: Scope.TRANSIENT, useFactory };
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
