import type { Lock } from 'nestjs-redis-lock';
import { eventually } from '../../support/eventually.js';
import type { Fault } from './faults.js';
import type { Strain } from './strain.js';
import type { App, World } from './world.js';

/** What a machine that runs all of this at once may add to a time. */
export const SLACK = 800;
/** From here on a lease may have ended because nobody could renew it. */
const STALL_MS = 100;
/** How long after the fault something may be left in Redis that nobody holds. */
const CLEAN_UP = 4_000;

/** One app that is in one stage when one fault strikes. */
export interface Scene {
  readonly world: World;
  readonly app: App;
  readonly fault: Fault;
  readonly strain: Strain;
  /** Names of keys of its own. */
  readonly key: string;
  /** Notes what should not be. */
  complain(text: string): void;
}

/** A lock, and what its holder was told. */
export interface Hold {
  readonly key: string;
  readonly lock: Lock;
  loss: { readonly reason: string; readonly late: number } | undefined;
}

/** What became of a call. */
export interface Call<T> {
  readonly what: string;
  value?: T;
  code?: string;
  /** Milliseconds until it settled. */
  took?: number;
}

export function follow(key: string, lock: Lock): Hold {
  const hold: Hold = { key, lock, loss: undefined };
  const { signal } = lock;
  const onAbort = (): void => {
    hold.loss = { reason: signal.reason.reason as string, late: Date.now() - lock.expiresAt };
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  return hold;
}

export function follows<T>(what: string, promise: Promise<T>): Call<T> {
  const call: Call<T> = { what };
  const begin = performance.now();
  promise.then(
    (value) => Object.assign(call, { value, took: performance.now() - begin }),
    (error) => Object.assign(call, { code: error.code ?? `${error.name}: ${error.message}`, took: performance.now() - begin }),
  );
  return call;
}

/** Waits for a call, which must settle within `limit`. */
export async function settled<T>({ strain, complain }: Scene, call: Call<T>, limit: number): Promise<Call<T>> {
  await eventually(() => call.took !== undefined, limit + 5_000).catch(() => complain(`${call.what} hangs`));
  const most = limit + SLACK + strain.stalled;
  if (call.took !== undefined && call.took > most) complain(`${call.what} settled after ${Math.round(call.took)} ms`);
  return call;
}

/** The holder is sure of its key, or was told; then it releases, and the next one gets in. */
export async function checkHold(scene: Scene, hold: Hold, warningsBefore = 0): Promise<void> {
  const { world, app, fault, complain } = scene;
  const { key, lock } = hold;
  if (fault.losesData !== true) await checkAlone(scene, hold);
  await eventually(async () => hold.loss !== undefined || ((await isOurs(world, app, key)) && lock.isHeld)).catch(() =>
    complain(`${key}: is neither held nor lost`),
  );
  checkLoss(scene, hold);
  // The connection may be broken although the client does not know it yet.
  await eventually(() => app.locks.inspect(key).then(() => true)).catch(() => complain(`${key}: no connection`));
  const wasLost = hold.loss !== undefined;
  const outcome = await lock.release().catch((error) => error.code as string);
  if (outcome !== 'released' && !(wasLost && outcome === 'expired')) complain(`${key}: release says ${outcome}, ${wasLost ? 'lost' : 'not lost'} before`);
  const warnings = world.lossesTold(key) - warningsBefore;
  if (warnings !== (wasLost ? 1 : 0)) complain(`${key}: ${warnings} warnings, ${wasLost ? 'lost' : 'not lost'}`);
  await checkFree(scene, key);
}

function checkLoss({ fault, strain, complain }: Scene, { key, lock, loss }: Hold): void {
  if (loss === undefined) return;
  if (lock.isHeld) complain(`${key}: isHeld after it was lost`);
  if (fault.keepsLocks === true && strain.stalled < STALL_MS && strain.overran < STALL_MS) complain(`${key}: lost (${loss.reason}), but should have been kept`);
  const reasons = fault.losesData === true || strain.stalled > STALL_MS ? ['expired', 'unreachable'] : ['unreachable'];
  if (!reasons.includes(loss.reason)) complain(`${key}: lost as ${loss.reason}`);
  if (loss.late > SLACK / 2 + strain.stalled) complain(`${key}: told ${loss.late} ms after the end of the lease`);
}

/** Whoever gets in while the holder is sure, would be the second one. */
async function checkAlone({ app, complain }: Scene, { key, lock }: Hold): Promise<void> {
  const second = await app.outside.tryAcquire(key, { ttl: 1_000 }).catch(() => null);
  if (second === null) return;
  if (lock.isHeld) complain(`${key}: two holders`);
  await second.release();
}

/** Nothing of ours is left in Redis, and somebody else gets in. */
export async function checkFree({ world, app, complain }: Scene, key: string, within = CLEAN_UP): Promise<void> {
  await eventually(async () => !(await isOurs(world, app, key)), within).catch(() => complain(`${key}: an orphan is left`));
  const next = await app.outside.acquire(key, { wait: 1_000 + SLACK }).catch((error) => complain(`${key}: the next one does not get in: ${error.message}`));
  await next?.release();
}

async function isOurs(world: World, app: App, key: string): Promise<boolean> {
  const value = await world.valueOf(app, key);
  return value?.includes(`:${process.pid}:`) === true;
}
