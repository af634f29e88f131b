/** Beyond what was asked, but for the time in which the process did not run. */
const LONGEST_BEYOND_MS = 1_000;
/** A single try has no patience of its own: each command has a second, and there is one for each key and one for the fencing token of all. */
const LONGEST_TRY_MS = 4_500;
/** Whatever was lost, and whoever died or stood still: those who are there take a free lock in this time. */
const LONGEST_FREE_MS = 2_000;
/** A run of so many seconds has to have stale writes, or its pauses were too few to prove anything. */
const SECONDS_WITH_STALE_WRITES = 60;

const MUST_BE_ZERO = {
  overlaps: 'overlaps inside a kept lease',
  tokenDisorder: 'fencing tokens out of order',
  goneEarly: 'leases gone before their time',
  refusedWhileHeld: 'writes refused while the lease was kept',
  orphans: 'orphans',
  queues: 'queues left',
  endless: 'keys without an expiry',
  troubles: 'unhandled rejections and other errors',
  stubborn: 'workers that did not end on SIGTERM',
};

/** What is wrong with a run; nothing, when all is well. */
export function judge(figures, seconds) {
  const wrong = Object.entries(MUST_BE_ZERO).flatMap(([name, title]) =>
    figures[name] === 0 ? [] : [`${title}: ${figures[name]}`],
  );
  if (!(figures.longestBeyond <= LONGEST_BEYOND_MS))
    wrong.push(`a caller waited ${figures.longestBeyond} ms beyond what it had asked`);
  if (!(figures.longestTry <= LONGEST_TRY_MS)) wrong.push(`a single try took ${figures.longestTry} ms`);
  if (!(figures.longestFree <= LONGEST_FREE_MS))
    wrong.push(`a lock was free for ${figures.longestFree} ms while somebody waited`);
  if (figures.locks === 0) wrong.push('no lock was taken');
  if (seconds >= SECONDS_WITH_STALE_WRITES && figures.staleRefused === 0)
    wrong.push('no stale write had to be refused: the run proves nothing');
  return wrong;
}
