import type { Lock } from 'nestjs-redis-lock';
import { eventually } from '../../support/eventually.js';
import type { Fault } from './faults.js';
import type { App, World } from './world.js';

/** What running all of this at once may add to a time. */
const SLACK = 800;
/** How long after the fault something may be left in Redis that nobody holds. */
const CLEAN_UP = 4_000;

/** What should not be. */
export interface Findings {
  /** On no machine. */
  readonly wrong: string[];
  /** On a machine that is fast enough. */
  readonly late: string[];
}

/** Where and when a fault strikes. */
interface Place {
  readonly world: World;
  readonly app: App;
  readonly fault: Fault;
  /** Names of keys of its own. */
  readonly key: string;
}

/** One app that is in one stage when one fault strikes. */
export interface Scene extends Place {
  /** Notes what is wrong, however slow the machine is. */
  complain(text: string): void;
  /** Notes what is wrong if the machine is fast enough. */
  complainOfTime(text: string): void;
}

/** A lock, and what its holder was told. */
export interface Hold {
  readonly key: string;
  readonly lock: Lock;
  readonly since: number;
  loss: { readonly reason: string; readonly late: number } | undefined;
}

/** What became of a call. */
export interface Call<T> {
  readonly what: string;
  readonly since: number;
  value?: T;
  code?: string;
  /** Milliseconds until it settled, and those of them in which the machine let it be late. */
  took?: number;
  lost?: number;
}

export function sceneOf(place: Place, { wrong, late }: Findings): Scene {
  return { ...place, complain: (text) => void wrong.push(text), complainOfTime: (text) => void late.push(text) };
}

export function follow(key: string, lock: Lock): Hold {
  const hold: Hold = { key, lock, since: performance.now(), loss: undefined };
  const { signal } = lock;
  const onAbort = (): void => {
    hold.loss = { reason: signal.reason.reason as string, late: Date.now() - lock.expiresAt };
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  return hold;
}

export function follows<T>({ world }: Scene, what: string, promise: Promise<T>): Call<T> {
  const since = performance.now();
  const call: Call<T> = { what, since };
  const times = (): Pick<Call<T>, 'took' | 'lost'> => ({
    took: performance.now() - since,
    lost: world.delay.lost(since),
  });
  promise.then(
    (value) => Object.assign(call, { value }, times()),
    (error) => Object.assign(call, { code: error.code ?? `${error.name}: ${error.message}` }, times()),
  );
  return call;
}

/** Waits for a call, which must settle within `limit`. */
export async function settled<T>({ complain, complainOfTime }: Scene, call: Call<T>, limit: number): Promise<Call<T>> {
  await eventually(() => call.took !== undefined, limit + 5_000).catch(() => complain(`${call.what} hangs`));
  const { what, took = 0, lost = 0 } = call;
  if (took > limit + SLACK + lost)
    complainOfTime(`${what} settled after ${Math.round(took)} ms, of which the machine lost ${Math.round(lost)}`);
  return call;
}

/** The holder is sure of its key, or was told; then it releases, and the next one gets in. */
export async function checkHold(scene: Scene, hold: Hold, warningsBefore = 0): Promise<void> {
  const { world, app, fault, complain, complainOfTime } = scene;
  const { key, lock } = hold;
  if (fault.losesData !== true) await checkAlone(scene, hold);
  await eventually(async () => hold.loss !== undefined || ((await isOurs(world, app, key)) && lock.isHeld)).catch(() =>
    complainOfTime(`${key}: is neither held nor lost`),
  );
  checkLoss(scene, hold);
  // The connection may be broken although the client does not know it yet.
  await eventually(() => app.locks.inspect(key).then(() => true)).catch(() => complainOfTime(`${key}: no connection`));
  const wasLost = hold.loss !== undefined;
  const outcome = await lock.release().catch((error) => error.code as string);
  if (outcome === 'stolen') complain(`${key}: release says stolen`);
  else if (outcome !== 'released' && !(wasLost && outcome === 'expired'))
    complainOfTime(`${key}: release says ${outcome}, ${wasLost ? 'lost' : 'not lost'} before`);
  const isTold = hold.loss !== undefined || outcome === 'expired';
  if (isTold && outcome === 'released' && !wasLost) complainOfTime(`${key}: lost while it was released`);
  const warnings = world.lossesTold(key) - warningsBefore;
  if (warnings !== (isTold ? 1 : 0)) complain(`${key}: ${warnings} warnings, ${isTold ? 'lost' : 'not lost'}`);
  await checkFree(scene, key);
}

function checkLoss({ world, fault, complain, complainOfTime }: Scene, { key, lock, since, loss }: Hold): void {
  if (loss === undefined) return;
  const { reason, late } = loss;
  if (lock.isHeld) complain(`${key}: isHeld after it was lost`);
  if (fault.keepsLocks === true) complainOfTime(`${key}: lost (${reason}), but should have been kept`);
  // It ends in Redis when this process stands still for longer than the lease.
  if (reason === 'expired' && fault.losesData !== true && fault.blocksProcess !== true)
    complainOfTime(`${key}: lost as expired`);
  if (reason !== 'expired' && reason !== 'unreachable') complain(`${key}: lost as ${reason}`);
  if (late > SLACK / 2 + world.delay.lost(since)) complainOfTime(`${key}: told ${late} ms after the end of the lease`);
}

/** Whoever gets in while the holder is sure, would be the second one. */
async function checkAlone({ app, complain }: Scene, { key, lock }: Hold): Promise<void> {
  const second = await app.outside.tryAcquire(key, { ttl: 1_000 }).catch(() => null);
  if (second === null) return;
  if (lock.isHeld) complain(`${key}: two holders`);
  await second.release();
}

/** Nothing of ours is left in Redis, and somebody else gets in. */
export async function checkFree({ world, app, complainOfTime }: Scene, key: string): Promise<void> {
  await eventually(async () => !(await isOurs(world, app, key)), CLEAN_UP).catch(() =>
    complainOfTime(`${key}: an orphan is left`),
  );
  const next = await app.outside
    .acquire(key, { wait: world.scaled(1_000 + SLACK) })
    .catch((error) => complainOfTime(`${key}: the next one does not get in: ${error.message}`));
  await next?.release();
}

async function isOurs(world: World, app: App, key: string): Promise<boolean> {
  const value = await world.valueOf(app, key);
  return value?.includes(`:${process.pid}:`) === true;
}
