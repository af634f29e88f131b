import { crowdScene } from './crowd.mjs';
import { handOver } from './hand-over.mjs';
import { loopScene, onceScene } from './loop.mjs';

/**
 * Intervals in ms between the tries of those that poll. Where there are several, the run chooses for each contestant the one that serves it best:
 * shorter ones than these drown Redis in tries, longer ones leave the lock to one caller. A crowd on one key needs more room.
 */
const POLLS = [10, 30];
const POLLS_AT_WORK = [5];
const POLLS_OF_CROWD = [1_000];
const POLLS_OF_KEYS = [100];

const FIRST_FOUR = [
  loopScene({ name: 'uncontended', title: 'One caller, one lock after the other', callers: 1, turns: 8, piece: 1 / 4 }),
  loopScene({
    name: 'distinct-keys',
    title: '256 callers, each its own key',
    callers: 256,
    own: true,
    turns: 8,
    piece: 1 / 4,
  }),
  loopScene({ name: 'hot-key', title: '200 callers in one process, one key', callers: 200, polls: POLLS }),
  loopScene({
    name: 'hot-key-4',
    title: '4 processes of 50 callers, one key',
    processes: 4,
    callers: 50,
    polls: POLLS,
  }),
];

/** Over a longer wire; it has been proven without. */
const far = ({ name, title, ...scene }) => ({
  ...scene,
  name: `${name}+1ms`,
  title: `${title}, 1 ms further from Redis`,
  isFar: true,
  hasProof: false,
});

export const SCENES = [
  ...FIRST_FOUR,
  handOver,
  onceScene({
    name: 'waiters-64',
    title: '64 waiters of 10 ms work each, in one process (ideal: 640 ms)',
    callers: 64,
    ms: 10,
    polls: POLLS_AT_WORK,
  }),
  onceScene({
    name: 'waiters-64-in-4',
    title: '64 waiters of 10 ms work each, in 4 processes (ideal: 640 ms)',
    processes: 4,
    callers: 16,
    ms: 10,
    polls: POLLS_AT_WORK,
  }),
  crowdScene({
    name: 'crowd-one-key',
    title: '10,000 waiters on one key',
    count: 10_000,
    own: false,
    polls: POLLS_OF_CROWD,
  }),
  crowdScene({
    name: 'crowd-own-keys',
    title: '10,000 keys with one waiter each',
    count: 10_000,
    own: true,
    polls: POLLS_OF_KEYS,
  }),
  ...FIRST_FOUR.map(far),
];

/** Where waiting matters: what the defaults of each library make of it. */
export const WITH_DEFAULTS = ['hot-key', 'hot-key-4', 'hand-over', 'waiters-64'];
