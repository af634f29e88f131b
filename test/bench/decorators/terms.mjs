/** ms. A lease that outlives every check, and one that ends before the work does; the latter is as short as all contestants can renew it. */
export const LONG_LEASE = 30_000;
export const SHORT_LEASE = 1_500;

export const keyOf = (name) => `the-key-of-${name}`;
