import { pickKey, pickLongKey } from '../keys.mjs';

const TTLS = [300, 500, 800, 1_500];
/** Mostly the same: a lease passes only to a caller who wants that. */
const COMMON_TTL = 500;
/** The default of the package. Its locks have keys of their own, so that a worker that dies with one holds up no others. */
const LONG_TTL = 30_000;
const LONG_SHARE = 0.2;
const WAYS = { acquire: 4, withLock: 4, using: 2, tryAcquire: 1 };

function pickKeys(random, count) {
  const size = random.chance(0.1) ? random.between(2, 3) : 1;
  return [...new Set(Array.from({ length: size }, () => pickKey(random, count)))];
}

function pickTerms(random, count) {
  if (random.chance(LONG_SHARE)) return { keys: [pickLongKey(random)], ttl: LONG_TTL, wait: pickLongWait(random) };
  return { keys: pickKeys(random, count), ttl: random.chance(0.7) ? COMMON_TTL : random.pick(TTLS), wait: pickWait(random) };
}

function pickWork(random) {
  const kind = random.weighted({ short: 70, medium: 24, long: 6 });
  if (kind === 'short') return random.between(0, 5);
  return kind === 'medium' ? random.between(5, 60) : random.between(100, 2 * COMMON_TTL);
}

function pickWait(random) {
  const kind = random.weighted({ once: 2, some: 7, endless: 1 });
  if (kind === 'once') return 0;
  return kind === 'some' ? random.between(50, 3_000) : Infinity;
}

/** Mostly long enough to show that a free lock stays free. */
function pickLongWait(random) {
  return random.chance(0.7) ? random.between(3_000, 10_000) : pickWait(random);
}

/** What one caller does next. */
export function makePlan(random, keyCount) {
  const { keys, ttl, wait } = pickTerms(random, keyCount);
  const way = random.weighted(WAYS);
  return {
    way,
    keys,
    options: {
      ttl,
      wait,
      renew: !random.chance(0.1),
      ...(random.chance(0.05) && { minHold: random.between(50, 400) }),
      ...(random.chance(0.05) && { maxHold: random.between(50, 800) }),
      ...(random.chance(0.05) && { metadata: 'torture' }),
    },
    work: pickWork(random),
    /** Milliseconds after which the caller's signal aborts. */
    abortAfter: wait === Infinity || random.chance(0.1) ? random.between(0, 1_500) : undefined,
    extendTo: random.chance(0.05) ? random.pick(TTLS) : undefined,
    pause: random.between(0, 120),
  };
}
