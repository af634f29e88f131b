import { RedisLockOptionsError } from '../../errors/redis-lock-options.error.js';
import { otherCopies } from '../startup/package-copies.js';
import type { RedisLockService } from '../../redis-lock.service.js';
import type { LockedMethod } from '../locked-method.js';

/** An app of this process that has lock services. */
export interface LockingApp {
  /** `failed`: the app did not start, and counts no more. */
  readonly state: 'open' | 'closed' | 'failed';
  /** Whether the instance is a provider of the app. */
  has(instance: object): boolean;
  /** The service of this name, if the app has one: without an instance as long as Nest has not made it. */
  locksNamed(name: string | undefined): { readonly instance?: RedisLockService | null } | undefined;
}

/** All apps; held weakly, because an app may be garbage although it was never closed. */
const apps = new Set<WeakRef<LockingApp>>();

export function addLockingApp(app: LockingApp): void {
  apps.add(new WeakRef(app));
}

/**
 * The lock service for an instance into which Nest injected none: of the app that the instance belongs to, or of the only one that there is.
 *
 * @throws {RedisLockOptionsError} when there is none, none yet, or it may be one of several: a lock in the Redis of another app would keep no caller out.
 */
export function findLocks({ target, policy }: LockedMethod, instance: unknown): RedisLockService {
  if (typeof instance !== 'object' || instance === null)
    throw refusal(`missing on what ${target} was called on`, 'call it on its instance');
  const candidates = appsFor(instance);
  const [app] = candidates;
  if (app === undefined) throw noApp(target);
  if (candidates.length > 1) {
    const remedy =
      'let Nest make the instance, as a provider or controller of a module, and close apps that are done with';
    throw refusal(
      `there in ${candidates.length} apps of this process, each of which may be the one of the instance that ${target} was called on`,
      remedy,
    );
  }
  const locks = app.locksNamed(policy.name);
  if (locks === undefined)
    throw refusal(
      `missing with the name "${policy.name ?? 'default'}", which ${target} needs`,
      'import RedisLockModule.forRoot() with this name',
    );
  if (locks.instance === undefined || locks.instance === null)
    throw refusal(`not ready yet when ${target} was called`, AFTER_START);
  return locks.instance;
}

const AFTER_START = 'call it when the app is made, as in onModuleInit(), not in a constructor or a factory';

/** The apps of which the instance is a provider, else all that are open. A closed app refuses its own instances. */
function appsFor(instance: object): readonly LockingApp[] {
  const known = knownApps();
  const open = known.filter(({ state }) => state === 'open');
  if (known.length === 1 && open.length === 1) return open;
  const owners = known.filter((app) => app.has(instance));
  return (
    [owners.filter((owner) => open.includes(owner)), owners.slice(-1), open].find(({ length }) => length > 0) ?? []
  );
}

function knownApps(): LockingApp[] {
  const known: LockingApp[] = [];
  for (const ref of apps) {
    const app = ref.deref();
    if (app === undefined || app.state === 'failed') apps.delete(ref);
    else known.push(app);
  }
  return known;
}

function noApp(target: string): RedisLockOptionsError {
  const copies = otherCopies();
  const value = `missing on the instance that ${target} was called on`;
  if (copies !== undefined) return refusal(`${value}: ${copies}`, 'see that there is one');
  return refusal(
    value,
    `import RedisLockModule.forRoot() in the root module, or RedisLockTestingModule in a unit test, let Nest make the instance, and ${AFTER_START}`,
  );
}

function refusal(value: string, remedy: string): RedisLockOptionsError {
  return new RedisLockOptionsError({ option: 'RedisLockModule', value, remedy });
}
