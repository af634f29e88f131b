import type { ModulesContainer } from '@nestjs/core';
import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import { getRedisLockToken } from '../../redis-lock.tokens.js';
import { lockedMethodsOfInstance, type LockedMethod } from '../locked-method.js';

/**
 * Gives the lock service to providers that Nest did not make itself (`useFactory`, `useValue`), and so has injected nothing into.
 *
 * @throws {RedisLockOptionsError} when there is no service for one of them, or it cannot be put there: its methods could not be locked.
 */
export function equipInstances(modules: ModulesContainer): void {
  for (const module of modules.values()) {
    for (const wrapper of module.providers.values()) {
      const instance: unknown = wrapper.instance;
      if (!wrapper.isNotMetatype || typeof instance !== 'object' || instance === null) continue;
      for (const method of lockedMethodsOfInstance(instance)) equip(instance, method, modules);
    }
  }
}

function equip(instance: object, { target, serviceProperty, policy }: LockedMethod, modules: ModulesContainer): void {
  if (serviceProperty in instance) return;
  const refuse = (value: string, remedy: string): RedisLockOptionsError =>
    new RedisLockOptionsError({ option: '@WithLock()', value: `on ${target}, ${value}`, remedy });
  const service = findService(modules, getRedisLockToken(policy.name));
  if (service === undefined)
    throw refuse(
      `for whose provider there is no lock service "${policy.name ?? 'default'}"`,
      'import RedisLockModule.forRoot() with this name',
    );
  if (!Reflect.defineProperty(instance, serviceProperty, { value: service })) {
    throw refuse(
      'whose provider is frozen, so that the lock service cannot be put into it',
      'let Nest make the instance',
    );
  }
}

function findService(modules: ModulesContainer, token: ReturnType<typeof getRedisLockToken>): unknown {
  for (const module of modules.values()) {
    // Exported services only: a provider of this name elsewhere would be a copy of the service.
    const wrapper = module.exports.has(token) ? module.providers.get(token) : undefined;
    if (wrapper !== undefined) return wrapper.instance;
  }
  return undefined;
}
