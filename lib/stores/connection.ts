import { Cluster, Redis, type ClusterNode, type RedisOptions } from 'ioredis';
import type { ClusterConnection } from '../interfaces/module-options.interface.js';
import type { RedisClient } from '../interfaces/redis-client.interface.js';
import { withoutCommand } from './redis-failure.js';

/** ioredis waits this long for a socket to close, even for one that is closed already, and keeps the process alive meanwhile; its default is 2 s. */
const DISCONNECT_TIMEOUT_MS = 100;

/** A connection that owes a reply for this long is dead, whatever TCP thinks (a half-open one lives for many minutes); ioredis makes a new one then. */
const SOCKET_TIMEOUT_MS = 5_000;

/** A client, opened and closed by this package, or borrowed and left alone. */
export interface ClientHandle {
  readonly client: RedisClient;
  open(): void;
  /** `patience`: milliseconds that the server gets to answer; 0 when it does not answer anyway. */
  close(patience: number): Promise<void>;
}

/** Where to connect to, validated. */
export type Endpoint =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'options'; readonly options: RedisOptions }
  | { readonly kind: 'cluster'; readonly cluster: ClusterConnection }
  | { readonly kind: 'client'; readonly client: RedisClient };

/**
 * Makes the client, not yet connected. `onOutage` hears once of each outage of a connection that this package opens, and with `undefined` of its end; who
 * owns a borrowed client listens to it anyway.
 * `commandTimeout`: milliseconds; 0 when the user gave none.
 */
export function connect(
  endpoint: Endpoint,
  onOutage: (error: Error | undefined) => void,
  commandTimeout = 0,
): ClientHandle {
  if (endpoint.kind === 'client')
    return { client: endpoint.client, open: () => undefined, close: () => Promise.resolve() };
  const client = create(endpoint, Math.max(SOCKET_TIMEOUT_MS, 2 * commandTimeout));
  let isDown = false;
  client.on('error', (error: Error) => {
    if (!isDown) onOutage(withoutCommand(error));
    isDown = true;
  });
  client.on('ready', () => {
    if (isDown) onOutage(undefined);
    isDown = false;
  });
  return {
    client,
    open: () => {
      if (client.status === 'wait') client.connect().catch(() => undefined);
    },
    close: (patience) => end(client, patience),
  };
}

function create(endpoint: Exclude<Endpoint, { kind: 'client' }>, socketTimeout: number): RedisClient {
  const ours = { disconnectTimeout: DISCONNECT_TIMEOUT_MS, socketTimeout };
  // The client connects at start-up or at first use, so that an app which fails to start leaves no socket behind.
  const lazyConnect = true;
  if (endpoint.kind === 'url') return new Redis(endpoint.url, { ...ours, lazyConnect });
  if (endpoint.kind === 'options')
    return new Redis({ ...ours, ...endpoint.options, lazyConnect, replyMapping: 'legacy' });
  const { cluster, options } = endpoint.cluster;
  return new Cluster([...cluster] as ClusterNode[], { ...(options as object), lazyConnect });
}

/** `quit()` lets the server answer what was sent; on a dead connection it would wait for ever. */
async function end(client: RedisClient, patience: number): Promise<void> {
  if (client.status === 'ready' && patience > 0) {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([client.quit().catch(() => undefined), timeout]);
    clearTimeout(timer);
  }
  if (client.status !== 'end') client.disconnect();
}
