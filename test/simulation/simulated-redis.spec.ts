import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { ACQUIRE } from '../../lib/stores/scripts/acquire.script.js';
import { CONTEND } from '../../lib/stores/scripts/contend.script.js';
import type { Script } from '../../lib/stores/scripts/define-script.js';
import { FORCE_RELEASE } from '../../lib/stores/scripts/force-release.script.js';
import { LEAVE } from '../../lib/stores/scripts/leave.script.js';
import { RAISE_FENCE } from '../../lib/stores/scripts/raise-fence.script.js';
import { RELAY } from '../../lib/stores/scripts/relay.script.js';
import { RELEASE } from '../../lib/stores/scripts/release.script.js';
import { RENEW } from '../../lib/stores/scripts/renew.script.js';
import { FakeClock } from '../support/fake-clock.js';
import { randomFrom } from '../support/random.js';
import { uniqueKey } from '../support/unique-key.js';
import { SimulatedRedis } from './simulated-redis.js';

/** Printed, so that a run that failed can be repeated. */
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const STEPS = 600;
/** So long that nothing expires on the real server meanwhile. */
const TTL = 1_000_000;
/** When a process comes again that polls. */
const LATER = 1_500;
const VALUES = ['host:1:a#1', 'host:2:b#1', 'host:3:c#1 about it'];
const INBOXES = ['p1', 'p2', 'p3'];

interface Names {
  readonly lock: string;
  readonly value: string;
  readonly inbox: string;
  readonly mode: 'held' | 'free' | 'open';
  /** '' for one that can be woken. */
  readonly comes: string;
  /** Longer than any process that polls is away, or less than nothing, where nobody is in time: so that it is the same on both, whatever time it is there. */
  readonly ahead: number;
  readonly shorten: boolean;
}

/** The same step on both. */
interface Step {
  readonly name: string;
  readonly real: (names: Names) => Promise<unknown>;
  readonly simulated: (names: Names) => unknown;
}

describe(`the simulated server (seed ${SEED})`, () => {
  const random = randomFrom(SEED);
  const clock = new FakeClock();
  const simulated = new SimulatedRedis(clock);
  const prefix = uniqueKey('sim');
  const inboxOf = (inbox: string): string => `${prefix}:inbox:${inbox}`;
  let redis: Redis;
  let subscriber: Redis;

  beforeAll(async () => {
    redis = new Redis(process.env.TEST_REDIS_URL ?? '');
    subscriber = new Redis(process.env.TEST_REDIS_URL ?? '');
    // The third process is gone: nobody hears what is sent to it.
    for (const inbox of INBOXES.slice(0, 2)) {
      await subscriber.subscribe(inboxOf(inbox));
      simulated.subscribe(inboxOf(inbox), () => undefined);
    }
  });
  afterAll(() => {
    redis.disconnect();
    subscriber.disconnect();
  });

  const run = (script: Script, keys: string[], args: (string | number)[]): Promise<unknown> =>
    redis.eval(script.lua, keys.length, ...keys, ...args);
  const fence = (lock: string): string => `${lock}:fence`;
  const queue = (lock: string): string => `${lock}:queue`;
  const all = (lock: string): string[] => [lock, fence(lock), queue(lock)];

  const steps: readonly Step[] = [
    {
      name: 'acquire',
      real: ({ lock, value }) => run(ACQUIRE, [lock, fence(lock)], [value, TTL, 3]),
      simulated: ({ lock, value }) => simulated.acquire(lock, value, TTL, 3),
    },
    {
      name: 'contend',
      real: ({ lock, value, inbox, comes }) => run(CONTEND, all(lock), [inbox, value, TTL, 2, comes]),
      simulated: ({ lock, value, inbox, comes }) =>
        simulated.contend(lock, inbox, value, TTL, 2, comes === '' ? undefined : Number(comes)),
    },
    {
      name: 'relay',
      real: ({ lock, value, inbox, mode, ahead }) => run(RELAY, all(lock), [inbox, value, TTL, 2, mode, ahead]),
      simulated: ({ lock, value, inbox, mode, ahead }) => simulated.relay(lock, inbox, value, TTL, 2, mode, ahead),
    },
    {
      name: 'renew',
      real: ({ lock, value, shorten }) => run(RENEW, [lock], [value, TTL, shorten ? '1' : '0']),
      simulated: ({ lock, value, shorten }) => simulated.renew(lock, value, TTL, shorten),
    },
    {
      name: 'raise-fence',
      real: ({ lock, value }) => run(RAISE_FENCE, [lock, fence(lock)], [value, TTL, 5]),
      simulated: ({ lock, value }) => simulated.raiseFence(lock, value, TTL, 5),
    },
    {
      name: 'release',
      real: ({ lock, value, ahead }) => run(RELEASE, [lock, queue(lock)], [value, 0, ahead]),
      simulated: ({ lock, value, ahead }) => simulated.release(lock, value, 0, ahead),
    },
    {
      name: 'release later',
      real: ({ lock, value }) => run(RELEASE, [lock, queue(lock)], [value, TTL, 0]),
      simulated: ({ lock, value }) => simulated.release(lock, value, TTL, 0),
    },
    {
      name: 'leave',
      real: ({ lock, inbox }) => run(LEAVE, [lock, queue(lock)], [inbox]),
      simulated: ({ lock, inbox }) => simulated.leave(lock, inbox),
    },
    {
      name: 'force-release',
      real: ({ lock }) => run(FORCE_RELEASE, [lock, queue(lock)], []),
      simulated: ({ lock }) => simulated.forceRelease(lock),
    },
    {
      name: 'a stranger',
      real: ({ lock }) => redis.call('SET', lock, 'stranger', 'NX', 'PX', String(TTL)).then((reply) => reply === 'OK'),
      simulated: ({ lock }) => simulated.set(lock, 'stranger', TTL, true),
    },
  ];

  it(`answers as a real one, and holds the same, in ${STEPS} steps`, async () => {
    const lock = `${prefix}:lock`;
    const history: string[] = [];
    let now = await serverTime();
    clock.block(now - clock.now());
    for (let count = 0; count < STEPS; count += 1) {
      const step = one(steps);
      const names: Names = {
        lock,
        value: one(VALUES),
        inbox: inboxOf(one(INBOXES)),
        mode: one(['held', 'free', 'free', 'open'] as const),
        comes: one(['', '', String(LATER)]),
        ahead: one([-1, 2 * LATER]),
        shorten: random() < 0.5,
      };
      // Of two processes that come in one millisecond either may be the first.
      for (const last = await serverTime(); (now = await serverTime()) === last;);
      clock.block(now - clock.now());
      const answers = [kind(await step.real(names)), kind(step.simulated(names))];
      history.push(`${step.name} ${names.value} ${names.inbox}: ${String(answers[0])}`);
      const real = [await redis.get(lock), await redis.zrange(queue(lock), '0', '-1')];
      const held = [simulated.holder(lock) ?? null, simulated.queue(lock)];
      expect({ last: history.slice(-5), answer: answers[1], held }).toEqual({
        last: history.slice(-5),
        answer: answers[0],
        held: real,
      });
      // A reservation would expire on the real server in real time.
      if (String(real[0]).startsWith('reserved')) await redis.persist(lock).then(() => redis.pexpire(lock, TTL));
      if (String(real[0]).startsWith('reserved')) simulated.set(lock, String(real[0]), TTL, false);
    }
  });

  /** In milliseconds: both have one time, so that a slow machine is slow for both. */
  async function serverTime(): Promise<number> {
    const [seconds, microseconds] = await redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  }

  function one<T>(items: readonly T[]): T {
    return items[Math.floor(random() * items.length)] as T;
  }
});

/** Tokens and remaining times differ: what counts is which kind of answer it is, and whether the holder wakes. */
function kind(reply: unknown): unknown {
  if (typeof reply !== 'number') return reply;
  if (reply > 1) return 'a token';
  return reply < -1_000 ? `busy, ${reply % 2 === 0 ? 'wakes' : 'does not wake'}` : reply;
}
