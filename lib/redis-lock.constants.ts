/** Default length of a lease. */
export const DEFAULT_TTL_MS = 30_000;

/** Below this a lease could end between two renewals because of ordinary pauses (garbage collection, a slow disk). */
export const MIN_TTL_MS = 100;

/** Default time to wait for a busy lock. */
export const DEFAULT_WAIT_MS = 10_000;

/** Default time to go on while Redis cannot be asked: longer than a restart or a fail-over of a healthy setup, shorter than clients wait. */
export const DEFAULT_BACKEND_WAIT_MS = 2_000;

/** Default time that holders get to finish at shutdown. */
export const DEFAULT_SHUTDOWN_GRACE_MS = 10_000;

/** Default of `keyPrefix`. */
export const DEFAULT_KEY_PREFIX = 'lock:';

/** Default of `connection`. */
export const DEFAULT_CONNECTION = 'redis://127.0.0.1:6379';

/** The longest delay of a timer in Node (2^31 - 1 ms, about 24.8 days). Source: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
export const MAX_TIMER_MS = 2_147_483_647;

/** Keys longer than this, in bytes of UTF-8, are hashed by the decorator and refused by the service. */
export const MAX_KEY_BYTES = 512;

/** The most keys of one lock: each is a place in a queue and a lease to renew, and data of a client may decide how many there are. */
export const MAX_KEYS = 100;

/** Longest `metadata`, in UTF-16 code units. */
export const MAX_METADATA_LENGTH = 256;

/** Default time that one command may take before its outcome counts as unknown. */
export const COMMAND_TIMEOUT_MS = 1_000;

/** Below this, ordinary pauses (garbage collection, a slow disk) would make outcomes unknown. */
export const MIN_COMMAND_TIMEOUT_MS = 50;

/**
 * How long one process may keep a lock for its own callers before it asks whether another process waits. Larger is faster, and less even:
 * see test/bench.
 */
export const QUANTUM_HANDOVERS = 128;
export const QUANTUM_MS = 20;

/** The most hand-overs of one quantum: what runs between two of them keeps the event loop from everything else. */
export const MAX_HANDOVERS = 10_000;

/**
 * What is taken off a lease for the difference in speed between our clock and the server's: 1 % and 2 ms, the figures of the reference
 * implementations of Redlock. Source: https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/
 */
export const DRIFT_FACTOR = 0.01;
export const DRIFT_FIXED_MS = 2;
