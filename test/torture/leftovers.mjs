import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock.mjs';
import { STORED_PREFIX } from './keys.mjs';

/** `minHold` keeps keys for so long at most. */
const LONGEST_MIN_HOLD_MS = 400;
const LONGEST_TTL_MS = 1_500;
const MARGIN_MS = 100;
/** How long a queue outlives the lease that it waited for: the place of a process that was killed lies there for so long. */
const QUEUE_SLACK_MS = 10_000;
const POLL_MS = 250;

const escaped = STORED_PREFIX.replaceAll(/[[\]*?\\]/g, '\\$&');

async function keysLike(client, pattern) {
  const found = [];
  for await (const keys of client.scanStream({ match: pattern, count: 1_000 })) found.push(...keys);
  return found;
}

/** Locks whose owner is one of the processes: `host:pid:instance#counter`. */
async function locksOf(client, pids) {
  const found = [];
  for (const key of await keysLike(client, `${escaped}*`)) {
    const owner = /^[^:]+:(\d+):/.exec((await client.get(key)) ?? '');
    if (pids.has(Number(owner?.[1]))) found.push(key);
  }
  return found;
}

async function queuesAtLast(client) {
  const until = now() + LONGEST_TTL_MS + QUEUE_SLACK_MS;
  for (;;) {
    const queues = await keysLike(client, '*\x1fqueue');
    if (queues.length === 0 || now() > until) return queues;
    await sleep(POLL_MS);
  }
}

/**
 * What is in Redis when nobody is there any more: locks of the processes that ended as they should, at once; anybody's locks, a lease later;
 * queues, as soon as they should be gone.
 */
export async function findLeftovers(server, endedPids) {
  return server.use(async (client) => {
    await sleep(LONGEST_MIN_HOLD_MS + MARGIN_MS);
    const ofEnded = await locksOf(client, endedPids);
    await sleep(LONGEST_TTL_MS);
    const orphans = [...ofEnded, ...(await keysLike(client, `${escaped}*`))];
    const queuesAtFirst = (await keysLike(client, '*\x1fqueue')).length;
    const queues = await queuesAtLast(client);
    const endless = [];
    for (const key of await keysLike(client, '*')) if ((await client.pttl(key)) === -1) endless.push(key);
    return { orphans, queues, queuesAtFirst, endless };
  });
}

/** A lock that nobody holds and nobody will release, as the sabotage wants it. */
export async function leaveOrphan(server) {
  await server.use((client) => client.set(`${STORED_PREFIX}k0`, 'host:1:instance:1'));
}
