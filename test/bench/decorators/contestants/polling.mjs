import { Redis } from 'ioredis';

/** ms between the tries of those that poll. */
export const POLL = 50;

/** How often they try again to have waited for `wait` ms. */
export const retries = (wait) => Math.ceil(wait / POLL);

/** Commands fail at once when Redis is down: by default they would wait for over a minute. */
export async function failFastClient(url) {
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 100,
  });
  client.on('error', () => undefined); // Commands fail too.
  await client.connect();
  return client;
}
