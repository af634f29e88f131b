import { setTimeout as sleep } from 'node:timers/promises';
import { errorsOf } from './errors-of.mjs';

/**
 * One replica works under the lock for longer than another one waits for it. Whoever is locked out has to get in afterwards.
 */
export async function tryToOverlap([one, other], name, { headStart = 0 } = {}) {
  const first = one.get(name);
  const hasEntered = await Promise.race([one.until('entered', name).then(() => true), first.then(() => false)]);
  if (!hasEntered) return { first: await first, errors: await errorsOf([one], [name]) };
  await sleep(headStart);
  const second = other.get(name);
  const overlapped = await Promise.race([other.until('entered', name).then(() => true), second.then(() => false)]);
  one.open(name);
  other.open(name);
  const answers = { first: await first, second: await second, later: await other.get(name) };
  return { overlapped, ...answers, errors: await errorsOf([one, other], [name]) };
}
