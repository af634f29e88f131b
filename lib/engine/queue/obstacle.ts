import type { StoreFailure } from '../lock-store.interface.js';

/**
 * What stood in the way last: nothing yet, a holder (`until` on the monotonic clock: `Infinity` without an expiry, `undefined` where it is not
 * known), or a broken store (`since`, without a break).
 */
export type Obstacle =
  | { readonly kind: 'none' }
  | { readonly kind: 'busy'; readonly until: number | undefined }
  | { readonly kind: 'failure'; readonly failure: StoreFailure; readonly since: number };

export const NO_OBSTACLE: Obstacle = { kind: 'none' };

/** `since`: of the first failure without a break. */
export function failing(failure: StoreFailure, since: number, before: Obstacle): Obstacle {
  return { kind: 'failure', failure, since: before.kind === 'failure' ? before.since : since };
}
