import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import { RedisLockService } from '../../redis-lock.service.js';
import { getRedisLockToken } from '../../redis-lock.tokens.js';
import { addLockingApp, type LockingApp } from '../plain/find-locks.js';
import { lockedMethodsOfInstance } from '../locked-method.js';

type Provider = NonNullable<ReturnType<LockingApp['locksNamed']>>;

/**
 * An app with lock services, for providers that Nest did not make itself (`useFactory`, `useValue`), and so has injected nothing into.
 *
 * It also closes the services of modules that were loaded lazily: Nest calls the hooks only of modules that were there when the app started.
 */
class AppInstances implements LockingApp, BeforeApplicationShutdown, OnApplicationShutdown {
  state: LockingApp['state'] = 'open';
  readonly #locks = new Map<string | undefined, Provider>();

  constructor(private readonly modules: ModulesContainer) {}

  has(instance: object): boolean {
    for (const { providers } of this.modules.values()) {
      for (const wrapper of providers.values()) if (wrapper.isNotMetatype && wrapper.instance === instance) return true;
    }
    return false;
  }

  locksNamed(name: string | undefined): Provider | undefined {
    const known = this.#locks.get(name) ?? this.#find(name);
    if (known !== undefined) this.#locks.set(name, known);
    return known;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#services().map((service) => service.beforeApplicationShutdown()));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#services().map((service) => service.onApplicationShutdown()));
    if (this.state === 'open') this.state = 'closed';
  }

  /** Closes the services of an app that did not start, because the app's owner cannot close it. */
  fail(): void {
    this.state = 'failed';
    this.onApplicationShutdown().catch(() => undefined);
  }

  #find(name: string | undefined): Provider | undefined {
    const token = getRedisLockToken(name);
    for (const module of this.modules.values()) {
      // Exported services only: a provider of this name elsewhere would be a copy of the service.
      const provider = module.exports.has(token) ? module.providers.get(token) : undefined;
      if (provider !== undefined) return provider as Provider;
    }
    return undefined;
  }

  #services(): readonly RedisLockService[] {
    return [...this.modules.values()].flatMap(({ providers }) =>
      [...providers.values()].map(({ instance }): unknown => instance).filter(isService),
    );
  }
}

function isService(value: unknown): value is RedisLockService {
  return value instanceof RedisLockService;
}

const known = new WeakMap<ModulesContainer, AppInstances>();
const HOOKS = Symbol('nestjs-redis-lock:hooks');

/** Makes the app known, as soon as Nest makes the first provider of one of its lock modules. */
export function registerApp(modules: ModulesContainer): void {
  if (known.has(modules)) return;
  const app = new AppInstances(modules);
  known.set(modules, app);
  addLockingApp(app);
  // The first module is Nest's own, whose hooks are the last to be called when the app shuts down.
  const [first] = modules.values();
  first?.addProvider({ provide: HOOKS, useValue: app });
}

/** Runs `work`, whose error keeps the app from starting. */
export function orFail(modules: ModulesContainer, work: () => void): void {
  try {
    work();
  } catch (error) {
    known.get(modules)?.fail();
    throw error;
  }
}

/** @throws {RedisLockOptionsError} when there is no service for a provider that Nest did not make itself. */
export function checkInstances(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    for (const { isNotMetatype, instance } of providers.values()) {
      if (isNotMetatype && typeof instance === 'object' && instance !== null) checkInstance(instance, modules);
    }
  }
}

function checkInstance(instance: object, modules: ModulesContainer): void {
  for (const { target, policy } of lockedMethodsOfInstance(instance)) {
    if (known.get(modules)?.locksNamed(policy.name) !== undefined) continue;
    const value = `on ${target}, for whose provider there is no lock service "${policy.name ?? 'default'}"`;
    throw new RedisLockOptionsError({
      option: '@WithLock()',
      value,
      remedy: 'import RedisLockModule.forRoot() with this name',
    });
  }
}
