import { setTimeout as sleep } from 'node:timers/promises';
import { SHORT_LEASE } from '../terms.mjs';
import { playCron } from './cron.mjs';
import { errorsOf } from './errors-of.mjs';
import { playShutdown } from './shutdown.mjs';
import { tryToOverlap } from './overlap.mjs';

async function playRoutes({ replicas }) {
  const [app] = await replicas();
  const paths = { above: {}, below: {}, guarded: { role: 'admin' }, refused: { role: 'guest' }, missing: {} };
  const answers = Object.entries(paths).map(async ([name, headers]) => [
    name,
    await app.get(name === 'refused' ? 'guarded' : name, headers),
  ]);
  return { ...Object.fromEntries(await Promise.all(answers)), errors: await errorsOf([app], Object.keys(paths)) };
}

/** Somebody deletes the key while the handler works, which goes on for longer than a lease. */
async function playLoss({ replicas, redis, redisKey }) {
  const [app] = await replicas();
  const first = app.get('lost');
  await app.until('entered', 'lost');
  if ((await redis.del(redisKey('lost'))) !== 1) throw new Error('there was no key to delete');
  await sleep(2 * SHORT_LEASE);
  const told = app.count('told', 'lost') > 0;
  app.open('lost');
  return {
    canTell: app.count('listens', 'lost') > 0,
    told,
    first: await first,
    errors: await errorsOf([app], ['lost']),
  };
}

async function playDown({ replicas, stopRedis }) {
  const [app] = await replicas();
  await stopRedis();
  return { first: await app.get('below'), errors: (await errorsOf([app], ['below'])).slice(-1) };
}

const overlap =
  (name, options) =>
  async ({ replicas }) =>
    tryToOverlap(await replicas(), name, options);

/** What is done to each app, and what came of it. All of it happens at once, but for what `isLast`, because it stops Redis. */
export const SCENES = {
  routes: { play: playRoutes },
  busy: { play: overlap('busy') },
  observable: { play: overlap('observable') },
  stream: { play: overlap('stream') },
  lease: { play: overlap('lease', { headStart: 2.5 * SHORT_LEASE }) },
  loss: { play: playLoss },
  cron: { play: playCron },
  shutdown: { play: playShutdown },
  down: { play: playDown, isLast: true },
};
