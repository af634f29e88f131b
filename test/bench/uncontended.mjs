// What the module costs over the least that a lock can cost: `SET NX PX` and a compare-and-delete, written by hand on the same client.
// Both run in turns in one process on one server, because machines are noisy: only the ratios mean something.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { NestFactory } from '@nestjs/core';
import 'reflect-metadata';
import { RedisLockModule, RedisLockService } from 'nestjs-redis-lock';
import { startRedisProcess } from '../../dist/sample/redis/redis-process.js';
import { commandsPerCycle, median, printTable } from './report.mjs';

const ROUNDS = 40;
const CYCLES_IN_SEQUENCE = 400;
const CALLERS = 256;
const CYCLES_PER_CALLER = 10;

const server = await startRedisProcess();
const client = new Redis(server.url);
const app = await NestFactory.createApplicationContext(RedisLockModule.forRoot({ connection: client }), { logger: false });
const locks = app.get(RedisLockService);

client.defineCommand('compareAndDelete', {
  numberOfKeys: 1,
  lua: "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end",
});

const contestants = {
  'by hand': async (key) => {
    const token = randomUUID();
    if ((await client.set(key, token, 'PX', 30_000, 'NX')) !== 'OK') throw new Error(`${key} is busy`);
    await client.compareAndDelete(key, token);
  },
  'nestjs-redis-lock': async (key) => {
    const lock = await locks.acquire(key);
    await lock.release();
  },
};

/** Microseconds per cycle, one after the other. */
async function inSequence(cycle) {
  const start = performance.now();
  for (let i = 0; i < CYCLES_IN_SEQUENCE; i += 1) await cycle('bench');
  return ((performance.now() - start) * 1_000) / CYCLES_IN_SEQUENCE;
}

/** Microseconds per cycle, many callers at once, each with its own key. */
async function sideBySide(cycle) {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let i = 0; i < CYCLES_PER_CALLER; i += 1) await cycle(`bench:${caller}`);
    }),
  );
  return ((performance.now() - start) * 1_000) / (CALLERS * CYCLES_PER_CALLER);
}

const scenes = { 'one caller in sequence': inSequence, [`${CALLERS} callers on distinct keys`]: sideBySide };
const rows = [];
for (const [scene, measure] of Object.entries(scenes)) {
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (const [name, cycle] of Object.entries(contestants)) await measure(cycle, name);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, cycle] of Object.entries(contestants)) times[name].push(await measure(cycle));
  }
  for (const [name, cycle] of Object.entries(contestants)) {
    const commands = await commandsPerCycle(client, () => measure(cycle), scene.startsWith('one') ? CYCLES_IN_SEQUENCE : CALLERS * CYCLES_PER_CALLER);
    rows.push({ scene, lock: name, microseconds: median(times[name]), ratio: median(times[name]) / median(times['by hand']), commands });
  }
}

printTable(rows, process.argv.includes('--json'));
await app.close();
client.disconnect();
await server.stop();
