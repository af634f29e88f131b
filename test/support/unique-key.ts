import { randomUUID } from 'node:crypto';

/** A key that no other test uses, so that all may share one server. */
export function uniqueKey(name = 'key'): string {
  return `${name}-${randomUUID()}`;
}
