import { errorsOf } from './errors-of.mjs';

/** How many are looked at. */
const SECONDS = 3;

/** Two replicas of an app have the same jobs, which are due every second. How often does each job run in a second? */
export async function playCron({ cronReplicas }) {
  const apps = await cronReplicas();
  const begin = Math.ceil(Date.now() / 1_000) + 1;
  const seconds = Array.from({ length: SECONDS }, (_, index) => begin + index);
  await Promise.all([...seconds, begin + SECONDS].flatMap((second) => apps.map((app) => app.until('ticked', second))));
  const runs = (name) => seconds.map((second) => apps.reduce((sum, app) => sum + app.count(name, second), 0));
  return {
    above: runs('cron-above'),
    below: runs('cron-below'),
    errors: (await errorsOf(apps, ['Scheduler'])).slice(0, 2),
  };
}
