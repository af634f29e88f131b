/**
 * What the random tests of a spec draw from. Each says it in its title, or when it fails: `SEED=… npm test -- spec` makes the same choices again.
 * Six digits, so that it is easily typed.
 */
export const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
