import { Redis } from 'ioredis';

const PATIENCE_MS = 10_000;

/** Makes sure that a Redis answers at `url`. */
export async function ping(url: string): Promise<void> {
  const client: Redis = new Redis(url, {
    retryStrategy: () => null,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
  });
  let cause: unknown;
  client.on('error', (error) => (cause = error));
  try {
    await client.ping();
  } catch (error) {
    // eslint-disable-next-line preserve-caught-error -- the client tells the cause in an event, a command only that there is no connection
    throw new Error(`REDIS_URL is set, but no Redis answers at ${new URL(url).host}.`, { cause: cause ?? error });
  } finally {
    if (client.status !== 'end') client.disconnect();
  }
}
