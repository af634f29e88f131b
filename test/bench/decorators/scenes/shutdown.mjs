import { setTimeout as sleep } from 'node:timers/promises';
import { errorsOf } from './errors-of.mjs';

/** Whoever waits would wait for longer than anything here takes. */
export const PATIENCE_MS = 5_000;
/** More than any answer takes that does not wait for something. */
const AT_ONCE_MS = 1_500;
const END_MS = 10_000;

/** SIGTERM, while a handler and a job work under locks, and a request waits for the handler's. */
export async function playShutdown({ patientApp, redis, redisKey }) {
  const app = await patientApp();
  const holder = app.get('shutdown');
  await app.until('entered', 'shutdown');
  app.callJob();
  await app.until('entered', 'job');
  const waiter = app.get('shutdown');
  // From the request to the lock is no way that could be watched.
  await sleep(300);
  app.terminate();
  const told = await Promise.race([waiter, sleep(AT_ONCE_MS)]);
  app.open('shutdown');
  const answers = { holder: await holder, waiter: await waiter };
  // The handlers are done, and the job is not.
  await Promise.race([app.ended, sleep(AT_ONCE_MS)]);
  app.open('job');
  const hasEnded = await Promise.race([app.ended, sleep(END_MS)]);
  const finished = app.count('finished', 'job') > 0;
  const keysLeft = await redis.exists(redisKey('shutdown'), redisKey('job'));
  return {
    ...answers,
    told: told?.status !== undefined,
    finished,
    hasEnded: hasEnded === true,
    keysLeft,
    errors: await errorsOf([app], ['shutdown', 'job']),
  };
}
