import type { RedisClient } from '../interfaces/redis-client.interface.js';

/** Told of what becomes of a client's connection. */
export interface ConnectionListener {
  onReady(): void;
  /** It broke, or could not be made, or is over. */
  onClosed(): void;
}

interface Following {
  readonly listeners: Set<ConnectionListener>;
  stop(): void;
}

/** One set of listeners on a client, however many services use it: Node takes the eleventh for a leak, and the limit is the owner's to set. */
const followings = new WeakMap<RedisClient, Following>();

/** Returns what ends it. */
export function followConnection(client: RedisClient, listener: ConnectionListener): () => void {
  const following = followings.get(client) ?? begin(client);
  following.listeners.add(listener);
  return () => {
    if (following.listeners.delete(listener) && following.listeners.size === 0) following.stop();
  };
}

function begin(client: RedisClient): Following {
  const listeners = new Set<ConnectionListener>();
  const onReady = (): void => listeners.forEach((listener) => listener.onReady());
  const onClosed = (): void => listeners.forEach((listener) => listener.onClosed());
  client.on('ready', onReady);
  client.on('close', onClosed);
  client.on('end', onClosed);
  const following: Following = {
    listeners,
    stop: () => {
      followings.delete(client);
      client.off('ready', onReady);
      client.off('close', onClosed);
      client.off('end', onClosed);
    },
  };
  followings.set(client, following);
  return following;
}
