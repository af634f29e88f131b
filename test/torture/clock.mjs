/** Milliseconds of the machine's monotonic clock, comparable between processes. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;
