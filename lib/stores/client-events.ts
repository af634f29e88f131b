import type { RedisClient } from '../interfaces/redis-client.interface.js';

/** Hears what becomes of a client's connection. */
export interface ConnectionListener {
  onReady(): void;
  /** The connection broke, could not be made, or is over. */
  onClosed(): void;
}

interface Following {
  readonly listeners: Set<ConnectionListener>;
  stop(): void;
}

/** Each client has one set of listeners, however many services use it: Node takes the eleventh listener for a leak, and only the client's owner may raise that limit. */
const followings = new WeakMap<RedisClient, Following>();

/** Tells `listener` of the client's connection from now on. The returned function ends that. */
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
