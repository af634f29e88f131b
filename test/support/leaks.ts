import { hostname } from 'node:os';

/** What a client is never told: the token of a stranger and the beginning of our own, keys as they are in Redis, and what tests put into keys. */
const NEVER = ['a stranger', `${hostname()}:`, `:${process.pid}:`, 'lock:', 'secret'];

/**
 * Gives back what a client was told, as it is, when neither a key nor a token nor a cause is in it.
 *
 * @param keys - those that must not be in it, beside what tests of leaks call `secret`.
 * @throws {Error} that names what leaked.
 */
export function withoutLeak<T>(told: T, ...keys: readonly string[]): T {
  const text = serialised(told);
  const leaked = [...NEVER, ...keys].filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));
  if (text.includes('"cause"')) leaked.push('a cause');
  if (leaked.length > 0) throw new Error(`A client was told ${leaked.join(', ')}: ${text}`);
  return told;
}

/** All that any transport or filter may send of it: of errors the message, too. */
function serialised(told: unknown): string {
  return JSON.stringify(told, (_, value: unknown) =>
    value instanceof Error ? { ...value, message: value.message } : value,
  );
}
