import { setTimeout as sleep } from 'node:timers/promises';
import { now } from './clock.mjs';
import { isShared, STORED_PREFIX } from './keys.mjs';
import { ownerPid } from './owner-pid.mjs';

/** `minHold` keeps keys for so long at most. */
const LONGEST_MIN_HOLD_MS = 400;
/** But for the locks of processes that were killed, whose leases may be long. */
const LONGEST_TTL_MS = 1_500;
const LONG_TTL_MS = 30_000;
const MARGIN_MS = 100;
/** How long a queue outlives the lease that it waited for: the place of a process that was killed lies there for so long. */
const QUEUE_SLACK_MS = 10_000;
const QUEUES = '*queue';
const POLL_MS = 250;

const escaped = STORED_PREFIX.replaceAll(/[[\]*?\\]/g, '\\$&');

async function keysLike(client, pattern) {
  const found = [];
  for await (const keys of client.scanStream({ match: pattern, count: 1_000 })) found.push(...keys);
  return found;
}

/** The keys of locks, and the processes that own them. */
async function locksWithOwners(client) {
  const keys = await keysLike(client, `${escaped}*`);
  return Promise.all(keys.map(async (key) => ({ key, pid: ownerPid(await client.get(key)) })));
}

async function queuesAtLast(client) {
  const until = now() + LONG_TTL_MS + QUEUE_SLACK_MS;
  for (;;) {
    const queues = await keysLike(client, QUEUES);
    if (queues.length === 0 || now() > until) return queues;
    await sleep(POLL_MS);
  }
}

/**
 * What is in Redis when nobody is there any more: locks of the processes that ended as they should, at once; anybody's locks, a lease later, but
 * for long ones of processes that were killed; queues, as soon as they should be gone.
 */
export async function findLeftovers(server, { endedPids, killedPids }) {
  return server.use(async (client) => {
    await sleep(LONGEST_MIN_HOLD_MS + MARGIN_MS);
    const ofEnded = (await locksWithOwners(client)).filter(({ pid }) => endedPids.has(pid));
    await sleep(LONGEST_TTL_MS);
    const atLast = (await locksWithOwners(client)).filter(
      ({ key, pid }) => !(killedPids.has(pid) && isShared(key.slice(STORED_PREFIX.length))),
    );
    const orphans = [...new Set([...ofEnded, ...atLast].map(({ key }) => key))];
    const queuesAtFirst = (await keysLike(client, QUEUES)).length;
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
