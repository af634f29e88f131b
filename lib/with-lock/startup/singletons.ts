import { Scope } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';

type Module = NonNullable<ReturnType<ModulesContainer['get']>>;
type Provider = NonNullable<ReturnType<Module['providers']['get']>>;

/** Nest's metadata of what is injected into a class. Sources: PARAMTYPES_METADATA, SELF_DECLARED_DEPS_METADATA and PROPERTY_DEPS_METADATA of @nestjs/common. */
const PARAMETERS = 'design:paramtypes';
const TOKENS = 'self:paramtypes';
const PROPERTIES = 'self:properties_metadata';

/**
 * Refuses options that are made for each request: Nest would make a lock service with a connection of its own for each request, and find none for handlers.
 * The check comes before Nest makes its providers; later, Nest may refuse the app with an error that names no remedy.
 *
 * @throws {RedisLockOptionsError} when something that the options of a lock module are made of is made for each request.
 */
export function assertSingletons({ providers, exports }: Module, modules: ModulesContainer): void {
  for (const token of exports) {
    const service = providers.get(token);
    const culprit = service === undefined ? undefined : perRequest(service, modules, new Set());
    if (culprit === undefined) continue;
    const name = nameOf(culprit.token);
    const remedy = `there is one lock service for the whole app; make ${name} a singleton, or do without it here, and put what differs between requests into the key`;
    throw new RedisLockOptionsError({ option: 'forRootAsync()', value: `made for each request, by ${name}`, remedy });
  }
}

/** The provider that is request-scoped: the given one, or one that is injected into it. */
function perRequest(provider: Provider, modules: ModulesContainer, seen: Set<Provider>): Provider | undefined {
  if (provider.scope === Scope.REQUEST) return provider;
  if (seen.has(provider)) return undefined;
  seen.add(provider);
  for (const token of tokensOf(provider)) {
    const found = providersOf(token, provider.host, modules).map((each) => perRequest(each, modules, seen));
    // When the app has several, the one that Nest injects may be a singleton.
    if (found.length > 0 && !found.includes(undefined)) return found[0];
  }
  return undefined;
}

function providersOf(token: unknown, host: Module | undefined, modules: ModulesContainer): readonly Provider[] {
  const own = host?.providers.get(token as string);
  if (own !== undefined) return [own];
  return [...modules.values()].flatMap(({ providers, exports }) =>
    exports.has(token as string) ? (providers.get(token as string) ?? []) : [],
  );
}

function tokensOf({ inject, metatype }: Provider): readonly unknown[] {
  if (inject !== null && inject !== undefined) return (inject as readonly unknown[]).map(tokenOf);
  if (typeof metatype !== 'function') return [];
  const tokens = [...listOf(PARAMETERS, metatype)];
  for (const { index, param } of listOf(TOKENS, metatype) as readonly { index: number; param: unknown }[])
    tokens[index] = param;
  return [...tokens, ...(listOf(PROPERTIES, metatype) as readonly { type: unknown }[]).map(({ type }) => type)].map(
    tokenOf,
  );
}

function listOf(key: string, metatype: object): readonly unknown[] {
  return (Reflect.getMetadata(key, metatype) as readonly unknown[] | undefined) ?? [];
}

/** The token itself: it may be optional, or a forward reference. */
function tokenOf(token: unknown): unknown {
  if (typeof token !== 'object' || token === null) return token;
  const { token: optional, forwardRef } = token as { readonly token?: unknown; readonly forwardRef?: () => unknown };
  return tokenOf(optional ?? forwardRef?.());
}

function nameOf(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}
