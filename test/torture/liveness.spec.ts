import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { findLongestFree, type LivenessRecord, type WantRecord } from './checker/free-time.mjs';
import { KEY_EVENTS, KeyWatch } from './key-watch.mjs';

const want = (from: number, to: number, more: Partial<WantRecord> = {}): WantRecord => ({
  worker: 'a',
  key: 'k',
  from,
  to,
  ...more,
});

function history(
  wants: readonly WantRecord[],
  absent: readonly (readonly [number, number])[],
  more: Partial<LivenessRecord> = {},
): LivenessRecord {
  const absences = new Map([['k', absent.map(([from, to]) => ({ from, to }))]]);
  return {
    wants: new Map(wants.map((one, index) => [String(index), one])),
    absences,
    outages: [],
    pauses: new Map(),
    stalls: [],
    ...more,
  };
}

const pausesOf = (worker: string, ...times: (readonly [number, number])[]): LivenessRecord['pauses'] =>
  new Map([[worker, times]]);
const longest = (...args: Parameters<typeof history>): number => findLongestFree(history(...args)).ms;

describe('the checker of the torture run: how long a lock was free while somebody waited', () => {
  it('measures from when it was free and somebody waited until somebody took it, or nobody wanted it', () => {
    expect(longest([want(100, 1_000)], [[400, 900]])).toBe(500);
    expect(longest([want(500, 1_000)], [[400, 900]])).toBe(400);
    expect(longest([want(100, 600)], [[400, 900]])).toBe(200);
  });

  it('finds the longest of all', () => {
    const wants = [want(0, 50), want(100, 1_000), want(2_000, 9_000, { key: 'other' })];
    const { ms, want: whose } = findLongestFree(
      history(wants, [
        [0, 30],
        [200, 260],
        [300, 700],
        [710, 720],
      ]),
    );
    expect(ms).toBe(400);
    expect(whose).toBe(wants[1]);
  });

  it('measures nothing while it is held', () => {
    expect(
      longest(
        [want(100, 1_000)],
        [
          [90, 100],
          [1_000, 2_000],
        ],
      ),
    ).toBe(0);
  });

  it('is no number when nobody met a free lock: whoever watches was blind', () => {
    expect(longest([want(100, 1_000)], [])).toBeNaN();
    expect(longest([], [[0, 100]])).toBeNaN();
  });

  const wants = [want(0, 10_000)];
  const free = [[0, 10_000]] as const;

  it.each([
    ['its process does not run', { pauses: pausesOf('a', [2_000, 9_000]) }, 3_000],
    ['its process runs again and again', { pauses: pausesOf('a', [2_000, 3_000], [4_000, 5_000]) }, 8_000],
    [
      'the machine stands still',
      {
        stalls: [
          [2_000, 9_000],
          [3_000, 9_500],
        ],
      },
      2_500,
    ],
    ['both', { stalls: [[2_000, 3_000]], pauses: pausesOf('a', [2_500, 3_500]) }, 8_500],
  ] as const)('leaves out what is due and cannot be done: %s', (_why, trouble, ms) => {
    expect(longest(wants, free, trouble)).toBe(ms);
  });

  it.each([
    ['another process does not run', { pauses: pausesOf('b', [2_000, 9_000]) }],
    ['a process does not run while nothing is due', { pauses: pausesOf('a', [0, 1_500]) }],
  ] as const)('leaves out nothing when %s', (_why, trouble) => {
    expect(longest(wants, free, trouble)).toBe(10_000);
  });

  it('begins anew when Redis can be asked again, and clients have found it', () => {
    expect(longest(wants, free, { outages: [{ from: 2_000, to: 3_000 }] })).toBe(6_500);
    expect(
      longest(wants, free, {
        outages: [
          { from: 6_000, to: 12_000 },
          { from: 5_000, to: 8_000 },
        ],
      }),
    ).toBe(5_000);
  });
});

describe('the watch of the torture run over the keys of locks', () => {
  let server: RedisServer;
  let watch: KeyWatch;
  const seen: { readonly key: string; readonly ms: number }[] = [];

  const start = async (): Promise<void> => {
    server = await startRedis({ args: KEY_EVENTS });
    watch = new KeyWatch({
      url: server.url,
      keys: ['a', 'b'],
      prefix: 'lock:',
      onAbsence: (key, from, to) => void seen.push({ key, ms: to - from }),
    });
    await server.command('SET', 'lock:a', 'x');
    await watch.start();
  };

  afterEach(async () => {
    watch.stop();
    seen.length = 0;
    await server.stop('SIGKILL');
  });

  it.each([
    ['DEL', ['DEL', 'lock:a']],
    ['the end of a lease', ['PEXPIRE', 'lock:a', 1]],
    ['a script', ['EVAL', "return redis.call('DEL', KEYS[1])", 1, 'lock:a']],
  ] as const)('sees a key go by %s, and come again', async (_how, command) => {
    await start();
    await server.command('SET', 'other:a', 'x');
    await server.command(...(command as unknown as [string, ...string[]]));
    await eventually(async () => (await server.command('EXISTS', 'lock:a')) === 0);
    expect(await server.command('SET', 'lock:a', 'x', 'NX', 'PX', 60_000)).toBe('OK');
    await eventually(() => seen.length > 0);
    expect(seen).toEqual([{ key: 'a', ms: expect.any(Number) }]);
  });

  it('knows which were not there when it began', async () => {
    await start();
    await server.command('SET', 'lock:b', 'x');
    await eventually(() => seen.length > 0);
    expect(seen.map(({ key }) => key)).toEqual(['b']);
  });

  it('claims nothing of the time in which it was not connected, and begins anew', async () => {
    await start();
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => seen.length > 0);
    expect(seen.map(({ key }) => key)).toEqual(['b']);
    await eventually(async () => ((await server.command('PUBSUB', 'CHANNELS')) as string[]).length > 0);
    await eventually(async () => {
      await server.command('DEL', 'lock:a');
      await server.command('SET', 'lock:a', 'x');
      return seen.some(({ key }) => key === 'a');
    });
  });
});
