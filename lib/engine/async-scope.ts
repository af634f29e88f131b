import { AsyncLocalStorage } from 'node:async_hooks';
import type { Lock } from '../interfaces/lock.interface.js';
import type { LockHandle } from './lock/lock-handle.js';

/** What the layers above the engine set around a call. */
export interface Mark {
  /** Whether the call is over, so that the mark need not be found any more. */
  readonly isOver: boolean;
  /** The lock that it holds by now: a mark may be there before its lock. Made by an engine. */
  readonly lock: Lock | undefined;
  /** Where it is found, for `runAgain()`; set by `runMarked()`. */
  scope: Scope | undefined;
}

/** What surrounds the running code: a lock that it holds, or a mark that a layer above the engine has set. */
export interface Scope {
  readonly lock: LockHandle | undefined;
  readonly mark: Mark | undefined;
  readonly outer: Scope | undefined;
}

/**
 * One for all engines (a scope knows its engine by the `realm` of its lock) and for everything that follows the running code: each more of them
 * costs every promise of the process.
 */
const scopes = new AsyncLocalStorage<Scope | undefined>();

/** Runs `body` in an async context that holds `lock`, which an engine made. */
export function runHolding<T>(lock: Lock, body: () => T): T {
  return scopes.run({ lock: lock as LockHandle, mark: undefined, outer: surroundings() }, body);
}

/** Runs `body` in an async context that bears `mark`, and holds its lock as soon as there is one. */
export function runMarked<T>(mark: Mark, body: () => T): T {
  mark.scope = { lock: undefined, mark, outer: surroundings() };
  return scopes.run(mark.scope, body);
}

/** Runs `body` where `mark` was set, in whatever async context that is asked for; whatever else follows the running code stays. */
export function runAgain<T>({ scope }: Mark, body: () => T): T {
  return scopes.run(scope, body);
}

/** Without those within that are over: work that starts itself again and again would keep all that it ever held. */
function surroundings(): Scope | undefined {
  let scope = scopes.getStore();
  while (scope !== undefined && (lockOf(scope)?.isReleased ?? true) && (scope.mark?.isOver ?? true))
    scope = scope.outer;
  return scope;
}

/** The innermost mark of this async context that fits. */
export function findMark<T extends Mark>(fits: (mark: Mark) => mark is T): T | undefined {
  for (let scope = scopes.getStore(); scope !== undefined; scope = scope.outer) {
    if (scope.mark !== undefined && fits(scope.mark)) return scope.mark;
  }
  return undefined;
}

/** The innermost lock of `realm` that covers all `keys` or, for none, the innermost at all; released ones do not count. */
export function lockInScope(realm: object, keys: readonly string[] = []): LockHandle | undefined {
  return findLock((lock) => lock.realm === realm && !lock.isReleased && keys.every((key) => lock.keys.includes(key)));
}

/** The innermost lock of `realm` that covers any of `keys`; released and lost ones do not count. */
export function overlapInScope(realm: object, keys: readonly string[]): LockHandle | undefined {
  return findLock(
    (lock) => lock.realm === realm && !lock.isReleased && lock.isHeld && keys.some((key) => lock.keys.includes(key)),
  );
}

function findLock(fits: (lock: LockHandle) => boolean): LockHandle | undefined {
  for (let scope = scopes.getStore(); scope !== undefined; scope = scope.outer) {
    const lock = lockOf(scope);
    if (lock !== undefined && fits(lock)) return lock;
  }
  return undefined;
}

function lockOf({ lock, mark }: Scope): LockHandle | undefined {
  return lock ?? (mark?.lock as LockHandle | undefined);
}
