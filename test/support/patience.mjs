// How patient tests are. Limits that prove something stand in their tests, and grow by what delay.ts measures; these only tell what hangs.

/** For what another process does: its start, its end, what it prints. */
export const PATIENCE_MS = 60_000;

/** For a whole test or hook, and for a program that does much work. */
export const TEST_LIMIT_MS = 300_000;

/** Options of a lock that is taken first, so that connections are made and scripts known: on a busy machine that takes longer than a Redis is waited for that cannot be asked. */
export const WARM_UP = { backendWait: 10_000 };
