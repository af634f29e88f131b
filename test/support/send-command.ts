import { Redis } from 'ioredis';
import { PATIENCE_MS } from './patience.mjs';

/** Sends one command to the server at `url` over a connection of its own, so that no client of a test is involved. */
export async function sendCommand(url: string, ...[name, ...args]: [string, ...(string | number)[]]): Promise<unknown> {
  const client: Redis = new Redis(url, { retryStrategy: () => null, commandTimeout: PATIENCE_MS });
  client.on('error', () => undefined);
  try {
    return await client.call(name, ...args);
  } finally {
    if (client.status !== 'end') client.disconnect();
  }
}
