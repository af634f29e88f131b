import { AsyncLocalStorage } from 'node:async_hooks';
import type { Lock } from '../interfaces/lock.interface.js';
import type { ScopedLock } from './shared-lock.js';

interface Scope {
  readonly lock: ScopedLock;
  readonly outer: Scope | undefined;
}

/** One for all engines: a scope knows its engine by the `realm` of its lock. */
const scopes = new AsyncLocalStorage<Scope>();

/** Runs `body` in an async context that holds `lock`, which an engine made. */
export function runHolding<T>(lock: Lock, body: () => T): T {
  return scopes.run({ lock: lock as ScopedLock, outer: scopes.getStore() }, body);
}

/** The lock that was taken last in this async context, of whatever engine. */
export function innermostLock(): Lock | undefined {
  return scopes.getStore()?.lock;
}

/** The innermost lock of `realm` that covers all `keys` or, for none, the innermost at all; released ones do not count. */
export function lockInContext(realm: object, keys: readonly string[] = []): ScopedLock | undefined {
  return findLock(realm, (lock) => keys.every((key) => lock.keys.includes(key)));
}

/** The innermost lock of `realm` that covers any of `keys`; released and lost ones do not count. */
export function overlapInContext(realm: object, keys: readonly string[]): ScopedLock | undefined {
  return findLock(realm, (lock) => lock.isHeld && keys.some((key) => lock.keys.includes(key)));
}

function findLock(realm: object, matches: (lock: ScopedLock) => boolean): ScopedLock | undefined {
  for (let scope = scopes.getStore(); scope !== undefined; scope = scope.outer) {
    const { lock } = scope;
    if (lock.realm === realm && !lock.isReleased && matches(lock)) return lock;
  }
  return undefined;
}
