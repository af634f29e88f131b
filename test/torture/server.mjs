import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { now } from './clock.mjs';
import { KEY_EVENTS } from './key-watch.mjs';

/** A Redis of our own that can be halted, and started anew with its data or without. */
export async function startServer({ redisProcess, history }) {
  const { startRedisProcess } = await import(redisProcess);
  const data = await mkdtemp(join(tmpdir(), 'torture-data-'));
  const file = join(data, 'dump.rdb');
  const start = (port) => startRedisProcess({ port, args: ['--dir', data, ...KEY_EVENTS] });
  let redis = await start(undefined);
  const { url, port } = redis;

  async function endWithData() {
    await rm(file, { force: true });
    // The answer is that the connection ends.
    await useClient(url, (client) => client.call('SHUTDOWN', 'SAVE')).catch(() => undefined);
    await redis.stop();
    return existsSync(file);
  }

  async function endWithoutData() {
    await redis.stop('SIGKILL');
    await rm(file, { force: true });
    return false;
  }

  return {
    url,
    /** Halts the server for `ms`: its connections stay open and nothing is answered. */
    async halt(ms) {
      const from = now();
      process.kill(redis.pid, 'SIGSTOP');
      await sleep(ms);
      process.kill(redis.pid, 'SIGCONT');
      history.outage(from, now());
    },
    async restart({ keepsData, downFor }) {
      const from = now();
      const isKept = keepsData ? await endWithData() : await endWithoutData();
      if (!isKept) history.loss({ keys: undefined, from, to: now() });
      await sleep(downFor);
      redis = await start(port);
      history.outage(from, now());
    },
    /** Runs `action` with a connection of its own; nothing is sent twice. */
    use: (action) => useClient(url, action),
    async stop() {
      await redis.stop('SIGKILL');
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function useClient(url, action) {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    disconnectTimeout: 100,
  });
  client.on('error', () => undefined); // Commands fail too.
  try {
    await client.connect();
    return await action(client);
  } finally {
    client.disconnect();
  }
}
