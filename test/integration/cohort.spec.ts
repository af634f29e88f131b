import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commandCounts, resetCommandCounts } from '../support/command-stats.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { PATIENCE_MS } from '../support/patience.mjs';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** A crowd is through when it is through. */
const PATIENT = { wait: PATIENCE_MS, backendWait: PATIENCE_MS };

describe('callers of one process that want one key', () => {
  let server: RedisServer;
  let nest: NestContext;

  const scripts = async (): Promise<number> => (await commandCounts(server.url)).evalsha ?? 0;

  beforeAll(async () => {
    server = await startRedis();
    nest = await startContext({
      lock: { connection: server.url, keyPrefix: 'lock:', quantum: { handOvers: 50, ms: 60_000 }, defaults: PATIENT },
    });
    // Tells the server the scripts, and opens the inbox.
    await Promise.all(Array.from({ length: 200 }, () => nest.locks.withLock('warm-up', () => undefined)));
  });
  afterAll(async () => {
    await nest.app.close();
    await server.stop('SIGKILL');
  });

  it('W2a C8: hand the lock on without a command, one at a time, with tokens that increase', async () => {
    await resetCommandCounts(server.url);
    const tokens: number[] = [];
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 1_000 }, () =>
        nest.locks.withLock('a', async (lock) => {
          most = Math.max(most, (inside += 1));
          tokens.push(lock.fencingToken);
          await Promise.resolve();
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(tokens.every((token, index) => index === 0 || token > (tokens[index - 1] ?? 0))).toBe(true);
    // The first and the last command, and two questions at most in each quantum.
    expect(await scripts()).toBeLessThanOrEqual(2 + 2 * (1_000 / 50));
    expect(await server.command('EXISTS', 'lock:a')).toBe(0);
  });

  it.each([
    { option: 'ttl', terms: { ttl: 61_000 } },
    { option: 'renew', terms: { renew: false } },
    { option: 'metadata', terms: { metadata: 'mine' } },
    { option: 'minHold', terms: { minHold: 50 } },
  ])('W2a: one with another $option gets exactly what it asked for', async ({ terms }) => {
    const first = await nest.locks.acquire('b', { ttl: 60_000 });
    const next = nest.locks.acquire('b', { ttl: 60_000, ...terms });
    const last = nest.locks.acquire('b', { ttl: 60_000 });
    await first.release();
    const lock = await next;
    const info = await nest.locks.inspect('b');
    expect(info?.ttl).toBeGreaterThan((terms.ttl ?? 60_000) - 2_000);
    expect(info?.metadata).toBe(terms.metadata);
    await lock.release();
    expect((await last).fencingToken).toBeGreaterThan(lock.fencingToken);
    await (await last).release();
  });

  it('W2a: the event loop and other keys go on while a crowd passes one lock', async () => {
    const over = new AbortController();
    let turns = 0;
    let others = 0;
    const crowd = Promise.all(Array.from({ length: 5_000 }, () => nest.locks.withLock('c', () => undefined))).then(() =>
      over.abort(),
    );
    const loop = (async () => {
      for (; !over.signal.aborted; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    })();
    const other = (async () => {
      for (; !over.signal.aborted; others += 1) await nest.locks.withLock('d', () => undefined);
    })();
    await Promise.all([crowd, loop, other]);
    expect(turns).toBeGreaterThan(20);
    expect(others).toBeGreaterThan(5);
  });

  it('W7: another process gets its turn while one has callers without end', async () => {
    const other = await startContext({ lock: { connection: server.url, keyPrefix: 'lock:', defaults: PATIENT } });
    const over = new AbortController();
    const crowd = Array.from({ length: 20 }, async () => {
      while (!over.signal.aborted)
        await nest.locks.withLock('e', () => new Promise((resolve) => setImmediate(resolve)));
    });
    for (let turn = 0; turn < 20; turn += 1) await other.locks.withLock('e', () => undefined);
    over.abort();
    await Promise.all(crowd);
    await other.app.close();
  });
});
