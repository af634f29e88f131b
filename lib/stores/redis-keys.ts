import type { LockPart } from './scripts/define-script.js';

const SLOTS = 16_384;

/** Where the locks of one module lie in Redis. */
export interface KeySpace {
  /** What the client itself puts before each key (ioredis `keyPrefix`): it counts for the slot, and the store must not send it. */
  readonly clientPrefix: string;
  /** What the module puts before each key. */
  readonly prefix: string;
}

/** The keys that a script takes of the lock on the user's `key`, in its order. */
export function keysOf(
  space: KeySpace,
  key: string,
  parts: readonly [LockPart, ...LockPart[]],
): readonly [string, ...string[]] {
  const keys: [string, ...string[]] = [keyOf(space, key, parts[0])];
  for (let index = 1; index < parts.length; index += 1) keys.push(keyOf(space, key, parts[index] as LockPart));
  return keys;
}

/** One key of the lock on the user's `key`; all of them lie in one slot. That of the lock itself is a contract with other versions, programs and languages. */
export function keyOf(space: KeySpace, key: string, part: LockPart): string {
  return part === 'key' ? space.prefix + key : besideLock(space, key, part);
}

/** The user's key of a lock as the server sees it. */
export function userKey({ clientPrefix, prefix }: KeySpace, stored: string): string {
  return stored.slice(clientPrefix.length + prefix.length);
}

/** Whether all these locks lie in one slot for certain: by a hash tag that they share. */
export function shareHashTag({ clientPrefix, prefix }: KeySpace, keys: readonly string[]): boolean {
  const [tag, ...others] = keys.map((key) => hashTag(clientPrefix + prefix + key));
  return tag !== undefined && others.every((other) => other === tag);
}

/** Stands in the fence's and the queue's key, and in no key of a user: those have no control characters. */
const SEPARATOR = '\u001f';

/** A key in the slot of the lock. It begins with a hash tag; where the client's prefix ends in an open brace, it closes that. */
function besideLock({ clientPrefix, prefix }: KeySpace, key: string, part: LockPart): string {
  const isTagOpen = clientPrefix.includes('{') && !clientPrefix.includes('}', clientPrefix.indexOf('{'));
  return `${isTagOpen ? '' : '{'}${slotTag(clientPrefix + prefix + key)}}${prefix}${key}${SEPARATOR}${part}`;
}

/**
 * A string without braces that hashes to the slot of `key`: its hash tag, or the key itself, or, where the key has a stray brace, a number
 * that falls into the same slot.
 */
function slotTag(key: string): string {
  const tag = hashTag(key) ?? key;
  return /[{}]/u.test(tag) ? numberForSlot(slotOf(tag)) : tag;
}

let numbers: readonly string[] | undefined;

/** A table, made once: callers choose keys, and a search for each of them would hold up the process. */
function numberForSlot(slot: number): string {
  numbers ??= numberForEachSlot();
  return numbers[slot] ?? '';
}

function numberForEachSlot(): string[] {
  const found: string[] = [];
  for (let candidate = 0, missing = SLOTS; missing > 0; candidate += 1) {
    const slot = slotOf(String(candidate));
    if (found[slot] !== undefined) continue;
    found[slot] = String(candidate);
    missing -= 1;
  }
  return found;
}

/**
 * What Redis Cluster hashes of a key that has a non-empty `{…}`.
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
function hashTag(key: string): string | undefined {
  const open = key.indexOf('{');
  if (open === -1) return undefined;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : undefined;
}

/** CRC16 (XMODEM) modulo 16384, as in the cluster specification. */
function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc & 0x3fff;
}
