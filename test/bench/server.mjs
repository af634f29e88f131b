import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from './worker/client.mjs';
import { median } from './statistics.mjs';

const PINGS = 200;

/** A Redis of our own, a second way to it that takes `delay` ms longer, and what it says of itself. */
export async function startServer(delay) {
  const { startRedisProcess } = await import('../../dist/sample/redis/redis-process.js');
  const redis = await startRedisProcess({ args: ['--maxclients', '1000'] });
  const proxy = fork(new URL('delay-proxy.mjs', import.meta.url), [String(redis.port), String(delay)]);
  const [port] = await once(proxy, 'message');
  const farUrl = `redis://127.0.0.1:${port}`;
  const client = await connect(redis.url);
  const read = (info, field) => Number(info.match(`${field}:([\\d.]+)`)[1]);
  return {
    url: redis.url,
    farUrl,
    version: (await client.info('server')).match(/(?:redis|valkey)_version:(\S+)/)[1],
    /** µs of CPU since it began. */
    async cpu() {
      const info = await client.info('cpu');
      return (read(info, 'used_cpu_sys') + read(info, 'used_cpu_user')) * 1e6;
    },
    addedRoundTrip: async () => (await roundTrip(farUrl)) - (await roundTrip(redis.url)),
    async stop() {
      client.disconnect();
      proxy.kill();
      await redis.stop();
    },
  };
}

async function roundTrip(url) {
  const client = await connect(url);
  const times = [];
  for (let ping = 0; ping < PINGS; ping += 1) {
    const begun = performance.now();
    await client.ping();
    times.push(performance.now() - begun);
  }
  client.disconnect();
  return median(times);
}
