import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomFrom } from '../support/random.mjs';
import { SEED } from '../support/seed.js';
import { sendCommand } from '../support/send-command.js';
import { startContext, type NestContext } from '../support/nest-context.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** More by `ROUNDS=10000 npm test -- no-lost-wake-up`. */
const ROUNDS = Number(process.env.ROUNDS ?? 1_500);
/** A lost wake-up would cost the whole of it. */
const TTL = 30_000;

describe(`releases in every gap of queueing, waking, claiming and leaving (SEED=${SEED})`, () => {
  const random = randomFrom(SEED);
  let server: RedisServer;
  let processes: NestContext[];

  beforeAll(async () => {
    server = await startRedis();
    // Each with another quantum: asking after every holder, after two, after three, and by default.
    const quanta = [{ handOvers: 0 }, { handOvers: 1 }, { handOvers: 2 }, {}];
    processes = await Promise.all(
      quanta.map((quantum) => startContext({ lock: { connection: server.url, keyPrefix: 'lock:', quantum } })),
    );
  });
  afterAll(async () => {
    await Promise.all(processes.map(({ app }) => app.close()));
    await server.stop('SIGKILL');
  });

  const pause = async (): Promise<void> => {
    const dice = random();
    if (dice < 0.3) return;
    if (dice < 0.6) await new Promise((resolve) => setImmediate(resolve));
    else if (dice < 0.9) await Promise.resolve();
    else await sleep(1);
  };

  it(`W3a: lose no wake-up and let nobody in twice, in ${ROUNDS} rounds`, async () => {
    const lastTokens = new Map<string, number>();
    let overlaps = 0;
    let regressions = 0;
    let longest = 0;

    const round = async (key: string): Promise<void> => {
      let inside = 0;
      const caller = async (): Promise<void> => {
        const { locks } = processes[Math.floor(random() * processes.length)] as NestContext;
        const stop = new AbortController();
        const patience = random() < 0.15 ? random() * 3 : undefined;
        await pause();
        if (patience !== undefined) void sleep(patience).then(() => stop.abort(stop));
        const since = performance.now();
        const lock = await locks
          .acquire(key, { ttl: TTL, wait: Infinity, signal: stop.signal })
          .catch((reason: unknown) => {
            if (reason !== stop) throw reason;
            return undefined;
          });
        if (lock === undefined) return;
        longest = Math.max(longest, performance.now() - since);
        overlaps += (inside += 1) > 1 ? 1 : 0;
        regressions += lock.fencingToken > (lastTokens.get(key) ?? 0) ? 0 : 1;
        lastTokens.set(key, lock.fencingToken);
        await pause();
        inside -= 1;
        await lock.release();
      };
      await Promise.all(Array.from({ length: 2 + Math.floor(random() * 5) }, caller));
    };

    for (let turn = 0; turn < ROUNDS; turn += 1) await round(`key-${turn % 7}`);
    expect({ overlaps, regressions }).toEqual({ overlaps: 0, regressions: 0 });
    expect(longest).toBeLessThan(TTL / 3);
    for (let index = 0; index < 7; index += 1) {
      expect(await sendCommand(server.url, 'EXISTS', `{lock:key-${index}}lock:key-${index}\x1fqueue`)).toBe(0);
    }
  });
});
