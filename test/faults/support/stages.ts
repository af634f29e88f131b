import { deferred } from '../../support/deferred.js';
import { eventually } from '../../support/eventually.js';
import { checkFree, checkHold, follow, follows, settled, type Call, type Scene } from './scene.js';
import { COMMAND_TIMEOUT, LEAVE_GRACE } from './world.js';
import type { Lock } from 'nestjs-redis-lock';

/** What an app does around a fault. */
export interface Story {
  /** In the same turn in which the fault begins. */
  strike?(): void;
  /** When it has begun. */
  during?(): void;
  /** When it is over. */
  check(): Promise<void>;
}

export type Stage = (scene: Scene) => Promise<Story>;

/** So long that what is left of it would be found. */
const LONG_TTL = 30_000;
/** Renewed while the fault lasts. */
const SHORT_TTL = 1_000;
/** Shorter than a long fault. */
const WAIT = 400;
/** Until everything has found its connection again. */
const RECOVERY = 6_000;
/** So long that it outlives the grace, so short that what is left of it ends soon. */
const LEAVING_TTL = 2_000;

const idle: Stage = async ({ world, app, key, complainOfTime }) => ({
  check: async () => {
    const begin = performance.now();
    const work = (): Promise<boolean> =>
      app.locks.withLock(key, { wait: world.scaled(500) }, (lock) => lock.extend().then(() => true));
    await eventually(work, RECOVERY).catch(() =>
      complainOfTime(`${key}: does not work again within ${Math.round(performance.now() - begin)} ms`),
    );
  },
});

const acquiring: Stage = async (scene) => {
  const { world, app, fault, key, complain, complainOfTime } = scene;
  const wait = world.scaled(WAIT);
  const calls: [string, Call<Lock>][] = [];
  const acquire = (name: string): void =>
    void calls.push([name, follows(scene, name, app.locks.acquire(name, { ttl: LONG_TTL, wait }))]);
  return {
    strike: () => acquire(`${key} before`),
    during: () => acquire(`${key} during`),
    check: async () => {
      for (const [name, pending] of calls) {
        const { value, code } = await settled(scene, pending, wait);
        if (value !== undefined) {
          const hold = follow(name, value);
          await askAgain(scene, value);
          await checkHold(scene, hold);
          continue;
        }
        // Nobody else wants it: it cannot be busy.
        if (code !== 'LOCK_BACKEND') complain(`${name}: ${code}`);
        else if (fault.isHarmless === true) complainOfTime(`${name}: ${code}`);
        await checkFree(scene, name);
      }
    },
  };
};

/** The next renewal of a long lease is far away. */
async function askAgain({ fault }: Scene, lock: Lock): Promise<void> {
  if (fault.losesData === true) await lock.extend().catch(() => undefined);
}

const waiting: Stage = async (scene) => {
  const { world, app, fault, key, complain, complainOfTime } = scene;
  const [wait, lasts] = [world.scaled(WAIT), world.scaled(fault.lasts)];
  const holder = await app.outside.acquire(key, { ttl: world.scaled(1_500) });
  let isAlone = true;
  const acquired = app.locks
    .acquire(key, { ttl: LONG_TTL, wait: world.scaled(15_000), backendWait: Infinity })
    .then((lock) => {
      isAlone = !holder.isHeld;
      return lock;
    });
  const patient = follows(scene, key, acquired);
  let impatient: Call<Lock> | undefined;
  // It stands in the queue in Redis, and sleeps.
  await eventually(async () => (await app.outside.inspect(key))?.waitingProcesses === 1);
  return {
    during: () => {
      impatient = follows(scene, `${key}, impatient`, app.locks.acquire(key, { ttl: LONG_TTL, wait }));
    },
    check: async () => {
      await holder.release().catch(() => undefined);
      const warnings = holder.signal.aborted ? 1 : 0;
      const { value: lock, code } = await settled(scene, patient, lasts + RECOVERY);
      if (lock === undefined) return complainOfTime(`${key}: ${code}`);
      if (!isAlone && fault.losesData !== true) complain(`${key}: two holders`);
      const refused = impatient === undefined ? undefined : await settled(scene, impatient, wait);
      if (refused?.value !== undefined) await refused.value.release().catch(() => undefined);
      else if (refused?.code !== 'LOCK_NOT_ACQUIRED' && refused?.code !== 'LOCK_BACKEND')
        complain(`${key}, impatient: ${refused?.code}`);
      const hold = follow(key, lock);
      await askAgain(scene, lock);
      await checkHold(scene, hold, warnings);
    },
  };
};

const holding: Stage = async (scene) => {
  const hold = follow(scene.key, await scene.app.locks.acquire(scene.key, { ttl: scene.world.scaled(2_400) }));
  return { check: () => checkHold(scene, hold) };
};

const renewing: Stage = async (scene) => {
  const hold = follow(scene.key, await scene.app.locks.acquire(scene.key, { ttl: scene.world.scaled(SHORT_TTL) }));
  return { check: () => checkHold(scene, hold) };
};

const releasing: Stage = async (scene) => {
  const { world, app, fault, key, complain, complainOfTime } = scene;
  const names = [`${key} before`, `${key} during`];
  const [first, second] = (await Promise.all(names.map((name) => app.locks.acquire(name, { ttl: LONG_TTL })))) as [
    Lock,
    Lock,
  ];
  const calls: Call<string>[] = [];
  const release = (lock: Lock): void => void calls.push(follows(scene, lock.key, lock.release()));
  return {
    strike: () => release(first),
    during: () => release(second),
    check: async () => {
      for (const pending of calls) {
        const { what, value, code } = await settled(scene, pending, world.scaled(COMMAND_TIMEOUT));
        const isUsual =
          value === 'released' || code === 'LOCK_BACKEND' || (value === 'expired' && fault.losesData === true);
        if (!isUsual) complain(`${what}: ${value ?? code}`);
        if (code === 'LOCK_BACKEND' && fault.isHarmless === true) complainOfTime(`${what}: ${code}`);
        const warnings = world.lossesTold(what);
        if (warnings !== (value === 'expired' ? 1 : 0)) complain(`${what}: ${value ?? code}, but ${warnings} warnings`);
        await checkFree(scene, what);
      }
    },
  };
};

/** A body under withLock() that goes on through the fault. */
const working: Stage = async (scene) => {
  const { world, app, fault, key, complain } = scene;
  const go = deferred();
  const result = {};
  const work = follows(
    scene,
    key,
    app.locks.withLock(key, { ttl: world.scaled(SHORT_TTL) }, async () => {
      await go.promise;
      return result;
    }),
  );
  return {
    during: () => go.resolve(),
    check: async () => {
      const { value, code } = await settled(scene, work, world.scaled(fault.lasts + COMMAND_TIMEOUT));
      if (value !== result) complain(`${key}: ${code ?? 'another result'}`);
      await checkFree(scene, key);
    },
  };
};

const shuttingDown: Stage = async (scene) => {
  const { world, app, fault, key, complain } = scene;
  const { app: leaving, locks } = app.leaving;
  const lock = await locks.acquire(key, { ttl: world.scaled(LEAVING_TTL) });
  const { signal } = lock;
  const waiter = follows(scene, `${key}, waiter`, locks.acquire(key, { wait: Infinity, backendWait: Infinity }));
  let closing: Call<void> | undefined;
  return {
    during: () => {
      closing = follows(scene, `${key}, close`, leaving.close());
    },
    check: async () => {
      if (closing === undefined) return complain(`${key}: was not closed`);
      // The grace, and a second for what is left in Redis.
      await settled(scene, closing, LEAVE_GRACE + world.scaled(COMMAND_TIMEOUT));
      const { code } = await settled(scene, waiter, world.scaled(fault.lasts) + LEAVE_GRACE);
      if (code !== 'LOCK_CLOSED') complain(`${key}: the waiter gets ${code ?? 'the lock'}`);
      if (lock.isHeld || !['shutdown', 'unreachable', 'expired'].includes(signal.reason?.reason))
        complain(`${key}: the holder is told ${signal.reason?.reason}`);
      await checkFree(scene, key);
    },
  };
};

export const STAGES: Readonly<Record<string, Stage>> = {
  idle,
  acquiring,
  waiting,
  holding,
  renewing,
  releasing,
  working,
  'shutting down': shuttingDown,
};
