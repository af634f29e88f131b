// How patient tests are. Limits that prove something stand in their tests, and grow by what delay.ts measures; these only tell what hangs.

/** For what another process does: its start, its end, what it prints. */
export const PATIENCE_MS = 60_000;

/** For a whole test or hook, and for a program that does much work. */
export const TEST_LIMIT_MS = 300_000;

/**
 * How long a lock is asked for where Redis does not answer. On a busy machine a connection takes longer than the default; a test that says something of the
 * default says so.
 */
export const WARM_UP = { backendWait: 10_000 };
