import type { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import type { World } from './world.js';

/** Something that goes wrong for all apps at once, and is over after a while. */
export interface Fault {
  readonly name: string;
  /** Milliseconds between its beginning and its end, before they are scaled. */
  readonly lasts: number;
  begin(world: World): unknown;
  end?(world: World): unknown;
  /** Whether everything must succeed all the same. */
  readonly isHarmless?: boolean;
  /** Whether keys vanish: then two holders may meet, and a lock may be lost although Redis answers. */
  readonly losesData?: boolean;
  /** Whether a lock that was fresh when it began must outlive it. */
  readonly keepsLocks?: boolean;
  /** Whether this process does nothing meanwhile. */
  readonly blocksProcess?: boolean;
  /** Whether the server answers nobody meanwhile. */
  readonly haltsServer?: boolean;
  /** Whether the data must survive a restart. */
  readonly keepsData?: boolean;
}

/** Longer than the lease of those who are to lose it. */
const LONG = 1_300;
/** Shorter. */
const SHORT = 400;

const mend = ({ proxy }: World): void => {
  proxy.set('forward');
  proxy.cut();
};
const config =
  (name: string, value: string | number) =>
  ({ admin }: World): Promise<unknown> =>
    admin.config('SET', name, value);

const OF_THE_NETWORK: Fault[] = [
  {
    name: 'delay',
    lasts: SHORT,
    keepsLocks: true,
    isHarmless: true,
    begin: ({ proxy }) => proxy.delay(40),
    end: ({ proxy }) => proxy.delay(0),
  },
  { name: 'connections cut', lasts: 0, begin: ({ proxy }) => proxy.cut() },
  { name: 'connections cut again and again', lasts: LONG, begin: cutAgainAndAgain, end: ({ proxy }) => proxy.cut() },
  {
    name: 'black hole, shorter than the lease',
    lasts: SHORT,
    begin: ({ proxy }) => proxy.set('black-hole'),
    end: mend,
  },
  { name: 'black hole, longer than the lease', lasts: LONG, begin: ({ proxy }) => proxy.set('black-hole'), end: mend },
  { name: 'no replies', lasts: LONG, begin: ({ proxy }) => proxy.set('drop-replies'), end: mend },
  {
    name: 'half-open connections',
    lasts: LONG,
    begin: ({ proxy }) => proxy.halfOpen(),
    end: ({ proxy }) => proxy.cut(),
  },
  {
    name: 'executed, then disconnected',
    lasts: SHORT,
    begin: ({ proxy }) => proxy.loseReplies(40, 'eval'),
    end: ({ proxy }) => proxy.loseReplies(0, ''),
  },
  {
    name: 'executed twice',
    lasts: LONG,
    keepsLocks: true,
    isHarmless: true,
    begin: ({ proxy }) => proxy.duplicate(Infinity, 'eval'),
    end: ({ proxy }) => proxy.duplicate(0, ''),
  },
];

const OF_THE_PROCESS: Fault[] = [
  {
    name: 'SIGSTOP, shorter than the lease',
    lasts: SHORT,
    keepsLocks: true,
    haltsServer: true,
    begin: ({ server }) => server.pause(),
    end: ({ server }) => server.resume(),
  },
  {
    name: 'SIGSTOP, longer than the lease',
    lasts: LONG,
    haltsServer: true,
    begin: ({ server }) => server.pause(),
    end: ({ server }) => server.resume(),
  },
  {
    name: 'SIGKILL, back with its data',
    lasts: SHORT,
    keepsData: true,
    haltsServer: true,
    begin: (world) => world.kill(),
    end: (world) => world.restart(),
  },
  {
    name: 'SIGKILL, back without its data',
    lasts: SHORT,
    losesData: true,
    haltsServer: true,
    begin: (world) => world.kill(),
    end: (world) => world.restart(),
  },
  {
    name: 'event loop blocked beyond the lease',
    lasts: 0,
    blocksProcess: true,
    begin: ({ scaled }) => blockEventLoop(scaled(LONG)),
  },
];

const OF_THE_SERVER: Fault[] = [
  {
    name: 'CLIENT PAUSE',
    lasts: SHORT,
    keepsLocks: true,
    haltsServer: true,
    begin: ({ admin, scaled }) => admin.client('PAUSE', scaled(SHORT), 'ALL'),
  },
  {
    name: 'CLIENT KILL',
    lasts: 0,
    begin: ({ admin }) =>
      Promise.all(['NORMAL', 'PUBSUB'].map((type) => admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'YES'))),
  },
  { name: 'SCRIPT FLUSH', lasts: 0, keepsLocks: true, isHarmless: true, begin: ({ admin }) => admin.script('FLUSH') },
  { name: 'FLUSHALL', lasts: 0, losesData: true, begin: ({ admin }) => admin.flushall() },
  {
    name: 'READONLY',
    lasts: SHORT,
    keepsLocks: true,
    begin: ({ admin }) => admin.replicaof('127.0.0.1', '1'),
    end: ({ admin }) => admin.replicaof('NO', 'ONE'),
  },
  {
    name: 'LOADING',
    lasts: SHORT,
    keepsLocks: true,
    begin: ({ proxy }) => proxy.refuse('LOADING Redis is loading the dataset in memory'),
    end: ({ proxy }) => proxy.refuse(undefined),
  },
  {
    name: 'BUSY',
    lasts: SHORT,
    keepsLocks: true,
    haltsServer: true,
    begin: keepBusy,
    end: ({ admin }) => admin.script('KILL'),
  },
  { name: 'OOM', lasts: SHORT, keepsLocks: true, begin: config('maxmemory', 1), end: config('maxmemory', 0) },
  { name: 'eviction (C14)', lasts: SHORT, losesData: true, begin: evict, end: config('maxmemory', 0) },
];

export const FAULTS: readonly Fault[] = [...OF_THE_NETWORK, ...OF_THE_PROCESS, ...OF_THE_SERVER];

export function blockEventLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function cutAgainAndAgain({ proxy, scaled }: World): void {
  const timer = setInterval(() => proxy.cut(), 60);
  setTimeout(() => clearInterval(timer), scaled(LONG));
}

/** A script of somebody else that does not end. */
async function keepBusy({ admin }: World): Promise<void> {
  await admin.config('SET', 'lua-time-limit', 20);
  const other: Redis = admin.duplicate({ enableReadyCheck: false });
  other.on('error', () => undefined);
  await other.ping();
  other.eval('while true do end', 0).catch(() => other.disconnect());
  await eventually(() =>
    admin.ping().then(
      () => false,
      (error: Error) => error.message.startsWith('BUSY'),
    ),
  );
}

async function evict(world: World): Promise<void> {
  await config('maxmemory-policy', 'allkeys-random')(world);
  await config('maxmemory', 1)(world);
}
