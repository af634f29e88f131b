/** Holds a rule of the engine that its parts rely on: a violation is a mistake in this package, and stops what would let two holders in. */
export function invariant(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`Broken invariant of nestjs-redis-lock: ${rule}.`);
}
