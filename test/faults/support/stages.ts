import { deferred } from '../../support/deferred.js';
import { eventually } from '../../support/eventually.js';
import { checkFree, checkHold, follow, follows, settled, type Call, type Scene } from './scene.js';
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
const COMMAND_TIMEOUT = 1_000;
const GRACE = 200;
/** So long that it outlives the grace, so short that what is left of it ends soon. */
const LEAVING_TTL = 2_000;

const idle: Stage = async ({ app, key, complain }) => ({
  check: async () => {
    const begin = performance.now();
    const work = (): Promise<boolean> => app.locks.withLock(key, { wait: 500 }, (lock) => lock.extend().then(() => true));
    await eventually(work, RECOVERY).catch(() => complain(`${key}: does not work again within ${Math.round(performance.now() - begin)} ms`));
  },
});

const acquiring: Stage = async (scene) => {
  const { app, fault, key, complain } = scene;
  const calls: [string, Call<Lock>][] = [];
  const acquire = (name: string): void => void calls.push([name, follows(name, app.locks.acquire(name, { ttl: LONG_TTL, wait: WAIT }))]);
  return {
    strike: () => acquire(`${key} before`),
    during: () => acquire(`${key} during`),
    check: async () => {
      for (const [name, pending] of calls) {
        const { value, code } = await settled(scene, pending, WAIT);
        if (value !== undefined) {
          const hold = follow(name, value);
          await askAgain(scene, value);
          await checkHold(scene, hold);
          continue;
        }
        // Nobody else wants it: it cannot be busy.
        if (code !== 'LOCK_BACKEND' || fault.isHarmless === true) complain(`${name}: ${code}`);
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
  const { app, fault, key, complain } = scene;
  const holder = await app.outside.acquire(key, { ttl: 1_500 });
  let isAlone = true;
  const acquired = app.locks.acquire(key, { ttl: LONG_TTL, wait: 15_000, backendWait: Infinity }).then((lock) => {
    isAlone = !holder.isHeld;
    return lock;
  });
  const patient = follows(key, acquired);
  let impatient: Call<Lock> | undefined;
  // It stands in the queue in Redis, and sleeps.
  await eventually(async () => (await app.outside.inspect(key))?.waitingProcesses === 1);
  return {
    during: () => {
      impatient = follows(`${key}, impatient`, app.locks.acquire(key, { ttl: LONG_TTL, wait: WAIT }));
    },
    check: async () => {
      await holder.release().catch(() => undefined);
      const warnings = holder.signal.aborted ? 1 : 0;
      const { value: lock, code } = await settled(scene, patient, fault.lasts + RECOVERY);
      if (lock === undefined) return complain(`${key}: ${code}`);
      if (!isAlone && fault.losesData !== true) complain(`${key}: two holders`);
      const refused = impatient === undefined ? undefined : await settled(scene, impatient, WAIT);
      if (refused?.value !== undefined) await refused.value.release().catch(() => undefined);
      else if (refused?.code !== 'LOCK_NOT_ACQUIRED' && refused?.code !== 'LOCK_BACKEND') complain(`${key}, impatient: ${refused?.code}`);
      const hold = follow(key, lock);
      await askAgain(scene, lock);
      await checkHold(scene, hold, warnings);
    },
  };
};

const holding: Stage = async (scene) => {
  const hold = follow(scene.key, await scene.app.locks.acquire(scene.key, { ttl: 2_400 }));
  return { check: () => checkHold(scene, hold) };
};

const renewing: Stage = async (scene) => {
  const hold = follow(scene.key, await scene.app.locks.acquire(scene.key, { ttl: SHORT_TTL }));
  return { check: () => checkHold(scene, hold) };
};

const releasing: Stage = async (scene) => {
  const { world, app, fault, key, complain } = scene;
  const names = [`${key} before`, `${key} during`];
  const [first, second] = (await Promise.all(names.map((name) => app.locks.acquire(name, { ttl: LONG_TTL })))) as [Lock, Lock];
  const calls: Call<string>[] = [];
  const release = (lock: Lock): void => void calls.push(follows(lock.key, lock.release()));
  return {
    strike: () => release(first),
    during: () => release(second),
    check: async () => {
      for (const pending of calls) {
        const { what, value, code } = await settled(scene, pending, COMMAND_TIMEOUT);
        const isUsual = value === 'released' || (code === 'LOCK_BACKEND' && fault.isHarmless !== true) || (value === 'expired' && fault.losesData === true);
        if (!isUsual) complain(`${what}: ${value ?? code}`);
        const warnings = world.lossesTold(what);
        if (warnings !== (value === 'expired' ? 1 : 0)) complain(`${what}: ${value ?? code}, but ${warnings} warnings`);
        await checkFree(scene, what);
      }
    },
  };
};

/** A body under withLock() that goes on through the fault. */
const working: Stage = async (scene) => {
  const { app, key, complain } = scene;
  const go = deferred();
  const result = {};
  const work = follows(
    key,
    app.locks.withLock(key, { ttl: SHORT_TTL }, async () => {
      await go.promise;
      return result;
    }),
  );
  return {
    during: () => go.resolve(),
    check: async () => {
      const { value, code } = await settled(scene, work, scene.fault.lasts + COMMAND_TIMEOUT);
      if (value !== result) complain(`${key}: ${code ?? 'another result'}`);
      await checkFree(scene, key);
    },
  };
};

const shuttingDown: Stage = async (scene) => {
  const { app, key, complain } = scene;
  const { app: leaving, locks } = app.leaving;
  const lock = await locks.acquire(key, { ttl: LEAVING_TTL });
  const { signal } = lock;
  const waiter = follows(`${key}, waiter`, locks.acquire(key, { wait: Infinity, backendWait: Infinity }));
  let closing: Call<void> | undefined;
  return {
    during: () => {
      closing = follows(`${key}, close`, leaving.close());
    },
    check: async () => {
      if (closing === undefined) return complain(`${key}: was not closed`);
      // The grace, and a second for what is left in Redis.
      await settled(scene, closing, GRACE + COMMAND_TIMEOUT);
      const { code } = await settled(scene, waiter, scene.fault.lasts + GRACE);
      if (code !== 'LOCK_CLOSED') complain(`${key}: the waiter gets ${code ?? 'the lock'}`);
      if (lock.isHeld || !['shutdown', 'unreachable', 'expired'].includes(signal.reason?.reason)) complain(`${key}: the holder is told ${signal.reason?.reason}`);
      await checkFree(scene, key);
    },
  };
};

export const STAGES: Readonly<Record<string, Stage>> = { idle, acquiring, waiting, holding, renewing, releasing, working, 'shutting down': shuttingDown };
