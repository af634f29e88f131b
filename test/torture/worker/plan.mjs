import { pickKey } from '../keys.mjs';

const TTLS = [300, 500, 800, 1_500];
/** Mostly the same: a lease passes only to a caller who wants that. */
const COMMON_TTL = 500;
/** The default of the package. */
const LONG_TTL = 30_000;
const WAYS = { acquire: 4, withLock: 4, using: 2, tryAcquire: 1 };

function pickKeys(random, count) {
  const size = random.chance(0.1) ? random.between(2, 3) : 1;
  return [...new Set(Array.from({ length: size }, () => pickKey(random, count)))];
}

function pickWork(random, ttl) {
  const kind = random.weighted({ short: 70, medium: 24, long: 6 });
  if (kind === 'short') return random.between(0, 5);
  return kind === 'medium' ? random.between(5, 60) : random.between(100, 2 * ttl);
}

function pickWait(random) {
  const kind = random.weighted({ once: 2, some: 7, endless: 1 });
  if (kind === 'once') return 0;
  return kind === 'some' ? random.between(50, 3_000) : Infinity;
}

/** What one caller does next. */
export function makePlan(random, keyCount) {
  const ttl = random.chance(0.7) ? COMMON_TTL : random.pick(TTLS);
  const wait = pickWait(random);
  const way = random.weighted(WAYS);
  return {
    way,
    keys: pickKeys(random, keyCount),
    options: {
      ttl,
      wait,
      renew: !random.chance(0.1),
      ...(random.chance(0.05) && { minHold: random.between(50, 400) }),
      ...(random.chance(0.05) && { maxHold: random.between(50, 800) }),
      ...(random.chance(0.05) && { metadata: 'torture' }),
    },
    work: pickWork(random, ttl),
    /** Milliseconds after which the caller's signal aborts. */
    abortAfter: wait === Infinity || random.chance(0.1) ? random.between(0, 1_500) : undefined,
    extendTo: random.chance(0.05) ? random.pick(TTLS) : undefined,
    pause: random.between(0, 120),
  };
}

/** What a caller does next who waits long for a lock with a long lease that few want: nobody comes by chance and takes what was left lying. */
export function makePatientPlan(random, keys) {
  const isMinHeld = random.chance(0.1);
  return {
    way: random.weighted(WAYS),
    keys: [random.pick(keys)],
    options: {
      ttl: LONG_TTL,
      wait: random.between(3_000, 10_000),
      renew: true,
      ...(isMinHeld && { minHold: random.between(50, 400) }),
    },
    work: random.chance(0.8) ? random.between(0, 60) : random.between(100, 1_000),
    abortAfter: random.chance(0.1) ? random.between(0, 3_000) : undefined,
    extendTo: random.chance(0.05) ? LONG_TTL : undefined,
    pause: random.between(0, 500),
  };
}
