import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.mjs';
import { pickKey, STORED_PREFIX } from '../keys.mjs';
import { COMPARE_AND_DELETE } from './compare-and-delete.mjs';

/** As Redis' own page on distributed locks advises. */
const DRIFT_FACTOR = 0.01;
const DRIFT_MS = 2;

let holders = 0;

async function holdFromOutside({ server, history, random, keyCount }) {
  const key = pickKey(random, keyCount);
  const ttl = random.between(200, 1_000);
  const stay = random.between(0, ttl);
  holders += 1;
  const value = `foreign ${holders}`;
  return server.use(async (client) => {
    const sentAt = now();
    const reply = await client.set(STORED_PREFIX + key, value, 'PX', ttl, 'NX');
    const begin = now();
    if (reply === null) return false;
    const validUntil = sentAt + ttl * (1 - DRIFT_FACTOR) - DRIFT_MS;
    await sleep(stay);
    const heldUntil = Math.min(validUntil, now());
    if (heldUntil > begin) history.foreign({ id: value, keys: [key], ttl, begin, heldUntil });
    await client.eval(COMPARE_AND_DELETE, 1, STORED_PREFIX + key, value);
    return true;
  });
}

async function deleteFromOutside({ server, history, random, keyCount }) {
  const key = pickKey(random, keyCount);
  return server.use(async (client) => {
    const from = now();
    // Whether answered or not: the connection is at its end then, and with it the command.
    const deleted = await client.del(STORED_PREFIX + key).finally(() => history.loss({ keys: [key], from, to: now() }));
    return deleted === 1;
  });
}

export const FROM_OUTSIDE = {
  'foreign SET NX PX': { weight: 12, inject: holdFromOutside },
  'foreign DEL': { weight: 2, inject: deleteFromOutside },
  forceRelease: {
    weight: 2,
    async inject({ crew, random, keyCount }) {
      const worker = crew.pick(random);
      worker?.child.send({ type: 'force', key: pickKey(random, keyCount) });
      return worker !== undefined;
    },
  },
};
