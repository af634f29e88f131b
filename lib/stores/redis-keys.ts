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

function besideLock(space: KeySpace, key: string, role: string): string {
  const lock = lockKey(space, key);
  // A tag in the client's prefix decides the slot of every key.
  const tag = hashTag(space.clientPrefix) === undefined ? `{${slotTag(space.clientPrefix + lock)}}` : '';
  return `${tag}${lock}:${role}`;
}

/**
 * A string without braces that hashes to the slot of `key`: its hash tag, or the key itself, or, where the key has a stray `}`, the first
 * number that falls into the same slot.
 */
function slotTag(key: string): string {
  const tag = hashTag(key) ?? key;
  if (!tag.includes('}')) return tag;
  const slot = slotOf(tag);
  for (let candidate = 0; ; candidate += 1) if (slotOf(String(candidate)) === slot) return String(candidate);
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
