import { expect } from '@jest/globals';
import type { Call } from '../calls.js';
import type { Cell } from '../cell.js';
import type { Traits } from '../kind.js';
import { noteOf } from '../neighbours.js';
import { arrival, type Outcome, type Stage } from './outcome.js';

/** Runs `work` and makes sure that each of its locks is taken once, and given back once. */
async function onceEach({ cell, backend }: Stage, work: () => Promise<void>): Promise<void> {
  if (backend.tally === undefined) await work();
  else expect(await backend.tally.scriptsOf(work)).toBe(2 * cell.keys.length);
  expect(await backend.taken(cell.keys)).toEqual([]);
  expect(cell.entered).toBe(1);
  expect(cell.lock?.isHeld).toBe(false);
}

export const FREE = {
  name: 'free',
  sentence: 'runs once, under the lock that was asked for, and gives it back once',
  ids: ({ argument, pipeline }: Traits) => [
    ...(pipeline === 'handler' ? ['N5'] : []),
    ...(pipeline === 'none' ? [] : ['N6']),
    'N9',
    ...(argument === undefined ? [] : ['D2']),
    'D3',
    'C12',
  ],
  options: {},
  prove: async (stage: Stage) => {
    const { cell, backend, begin, settle } = stage;
    const { passes = 1 } = cell.traits;
    cell.look = () => backend.taken(cell.keys);
    let call: Call | undefined;
    await onceEach(stage, async () => {
      call = begin();
      for (let pass = 1; pass <= passes; pass += 1) {
        await arrival(cell, call, pass);
        expect(await backend.taken(cell.keys)).toEqual(cell.keys);
        expect(cell.lock?.isHeld).toBe(true);
        cell.work.letOne();
      }
      expect(await call.result()).toBe(cell.value);
    });
    await settle();
    expect(call?.complaints()).toEqual([]);
    expect(cell.argument).toBe(cell.part?.inBody);
    expectNeighboursAtWork(cell);
  },
} satisfies Outcome;

export const ELSEWHERE: Outcome = {
  ...FREE,
  name: 'elsewhere',
  sentence:
    'called from another async context where it is a handler, runs once, under the lock that was asked for, and gives it back once',
  isElsewhere: true,
};

/** The other decorators of the method do what they would do without the lock. */
function expectNeighboursAtWork({
  id,
  key,
  keys,
  order,
  seen,
  traits,
  decorated: { prototype, method, length },
}: Cell): void {
  const { pipeline } = traits;
  const { value } = Object.getOwnPropertyDescriptor(prototype, method) as TypedPropertyDescriptor<() => unknown>;
  expect([value?.name, value?.length, noteOf(value as object)]).toEqual([method, length, id]);
  expect(seen.get('guard')).toEqual(pipeline === 'handler' ? [] : undefined);
  expect(seen.get('pipe')).toEqual({ handler: keys, field: [], none: undefined }[pipeline]);
  const isCommittedUnderLock = pipeline === 'handler' || order.name !== 'below';
  expect(seen.get('commit')?.includes(key)).toBe(isCommittedUnderLock);
}

export const THROWS: Outcome = {
  name: 'throws',
  sentence: 'passes an error of the method on as it is, and gives the lock back once',
  ids: () => ['N7'],
  options: {},
  prove: async (stage) => {
    const { cell, backend, begin } = stage;
    const { form } = cell.traits;
    const failure = form.ownError();
    cell.failure = failure;
    await onceEach(stage, async () => {
      const call = begin();
      await arrival(cell, call);
      expect(await backend.taken(cell.keys)).toEqual(cell.keys);
      cell.work.open();
      form.tellsOwn(await call.error(), failure);
    });
    expect(cell.finished).toBe(0);
  },
};
