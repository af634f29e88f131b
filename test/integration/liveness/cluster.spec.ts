import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../sample/redis/free-port.js';
import { keyOf } from '../../../lib/stores/redis-keys.js';
import { watchDelay, type Delay } from '../../support/delay.js';
import { eventually } from '../../support/eventually.js';
import { startContext, type NestContext } from '../../support/nest-context.js';
import { startRedis, type RedisServer } from '../../support/redis-server.js';

const TERMS = { ttl: 30_000 };
/** What killed processes may cost the next caller, and a try, its reply and a wake-up. */
const FREE_MS = 2_000 + 100;
/** As when an app is deployed: all of the old version were waiting. */
const KILLED = 5;

describe('T2: processes that were killed while they waited, on a Cluster, where nobody can tell', () => {
  let server: RedisServer;
  let delay: Delay;
  let holder: NestContext;
  let waiter: NestContext;

  beforeEach(async () => {
    server = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())] });
    await server.command('CONFIG', 'SET', 'cluster-announce-ip', '127.0.0.1');
    await server.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await eventually(async () => String(await server.command('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    delay = watchDelay(server.url);
    const connection = { cluster: [{ host: '127.0.0.1', port: server.port }] };
    [holder, waiter] = await Promise.all([
      startContext({ lock: { connection, keyPrefix: 'lock:' } }),
      startContext({ lock: { connection, keyPrefix: 'lock:' } }),
    ]);
  });
  afterEach(async () => {
    await Promise.all([holder.app.close(), waiter.app.close()]);
    delay.stop();
    await server.stop('SIGKILL');
  });

  it(`cost the next caller two seconds at most, however many there are (${KILLED})`, async () => {
    const queue = keyOf({ clientPrefix: '', prefix: 'lock:' }, 'a', 'queue');
    const lock = await holder.locks.acquire('a', TERMS);
    for (let count = 1; count <= KILLED; count += 1)
      await server.command('ZADD', queue, count, `lock:inbox:cluster:killed-${count}`);
    const next = waiter.locks.acquire('a', TERMS);
    await eventually(async () => (await holder.locks.inspect('a'))?.waitingProcesses === KILLED + 1);
    await lock.release();
    const free = performance.now();
    const got = await next;
    expect(performance.now() - free).toBeLessThan(delay.limit(FREE_MS, free));
    await got.release();
  });
});
