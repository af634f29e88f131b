import { Redis } from 'ioredis';

/** So long that a busy machine is not taken for a server that does not start. */
const DEADLINE_MS = 60_000;
const RETRY_MS = 10;

/** Waits until the Redis process `pid` answers on `port`. Rejects when another process answers there, and as soon as `failed` does. */
export async function untilAnsweredBy(pid: number, port: number, failed: Promise<never>): Promise<void> {
  const client: Redis = new Redis({
    host: '127.0.0.1',
    port,
    retryStrategy: () => RETRY_MS,
    maxRetriesPerRequest: null,
    disconnectTimeout: RETRY_MS, // The default keeps the process alive for two seconds when there was no connection to end.
  });
  client.on('error', () => undefined);
  let deadline: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    deadline = setTimeout(
      () => reject(new Error(`Redis on port ${port} did not answer within ${DEADLINE_MS} ms.`)),
      DEADLINE_MS,
    );
  });
  try {
    const info = await Promise.race([client.info('server'), failed, expired]);
    if (!info.includes(`process_id:${pid}\r\n`)) throw new Error(`Port ${port} is already in use by another Redis.`);
  } finally {
    clearTimeout(deadline);
    client.disconnect();
  }
}
