const difference = () => Number(process.hrtime.bigint()) / 1e6 - performance.now();

// Between the two readings this process may be put aside, which makes the difference too small: the greatest is right.
const offset = Math.max(...Array.from({ length: 20 }, difference));

/** Milliseconds of the machine's monotonic clock, comparable between processes. `performance.now()` costs less than `process.hrtime()`. */
export const now = () => performance.now() + offset;
