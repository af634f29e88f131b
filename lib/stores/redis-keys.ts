const SLOTS = 16_384;

/** Where the locks of one module lie in Redis. */
export interface KeySpace {
  /** What the client itself puts before each key (ioredis `keyPrefix`); it counts for the slot, but is not ours to send. */
  readonly clientPrefix: string;
  /** What the module puts before each key. */
  readonly prefix: string;
}

/** The key of the lock itself: a contract with other versions, programs and languages. */
export function lockKey({ prefix }: KeySpace, key: string): string {
  return prefix + key;
}

/** The key that holds the last fencing token, in the slot of the lock. */
export function fenceKey(space: KeySpace, key: string): string {
  return besideLock(space, key, 'fence');
}

/** The key that holds the queue of processes, in the slot of the lock. */
export function queueKey(space: KeySpace, key: string): string {
  return besideLock(space, key, 'queue');
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

/** Stands in keys of our own, and in no user's: those have no control characters. */
const SEPARATOR = '\u001f';

/** A key of our own in the slot of the lock. It begins with a hash tag; where the client's prefix ends in an open brace, it closes that. */
function besideLock({ clientPrefix, prefix }: KeySpace, key: string, role: string): string {
  const isTagOpen = clientPrefix.includes('{') && !clientPrefix.includes('}', clientPrefix.indexOf('{'));
  return `${isTagOpen ? '' : '{'}${slotTag(clientPrefix + prefix + key)}}${prefix}${key}${SEPARATOR}${role}`;
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

/** Looked up, because callers choose keys: each one that had to be searched for would hold up the process. */
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
