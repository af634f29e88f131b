import { expect } from '@jest/globals';
import type { Lock } from 'nestjs-redis-lock';
import { eventually } from '../../../support/eventually.js';
import { withoutLeak } from '../../../support/leaks.js';
import type { Call } from '../calls.js';
import type { Traits } from '../kind.js';
import { arrival, expectResult, type Outcome, type Stage } from './outcome.js';

/** Renewed each 100 ms: so soon does a holder learn of it. */
const TTL = 300;

/** Brings the body to its checkpoint, and takes its lock away there. */
async function lose({ cell, begin }: Stage, takeAway: () => Promise<void>): Promise<Call> {
  const call = begin();
  await arrival(cell, call);
  const { signal } = cell.lock as Lock;
  await takeAway();
  await eventually(() => signal.aborted);
  expect(signal.reason).toMatchObject({ code: 'LOCK_LOST', key: cell.key });
  expect(cell.lock?.isHeld).toBe(false);
  cell.work.open();
  return call;
}

function expectOneWarning({ cell, log }: Stage): void {
  expect(log.at('warn').filter((text) => text.includes(cell.key))).toEqual([expect.stringMatching(/was lost/)]);
}

export const LOST: Outcome = {
  name: 'lost',
  sentence: 'tells the body when its key is deleted, and lets its result stand',
  ids: () => ['C2'],
  options: { ttl: TTL },
  prove: async (stage) => {
    const { cell, backend } = stage;
    const call = await lose(stage, () => backend.remove(cell.key));
    await expectResult(stage, call);
    expectOneWarning(stage);
    expect(await backend.taken(cell.keys)).toEqual([]);
  },
};

export const REJECTED: Outcome = {
  name: 'rejected',
  sentence:
    'tells the body and, if its decorator says so, the caller when a stranger takes its key, and leaves it to the stranger',
  ids: ({ form }: Traits) => ['C2', ...(form.isPublic ? ['N8', 'D3'] : [])],
  options: { ttl: TTL, onLost: 'reject' },
  prove: async (stage) => {
    const { cell, backend } = stage;
    const call = await lose(stage, () => backend.occupy(cell.key));
    const told = await call.error();
    cell.traits.form.tells(told, 'LOCK_LOST', cell);
    if (cell.traits.form.isPublic) withoutLeak(told, 'other-');
    expect(cell.finished).toBe(1);
    expectOneWarning(stage);
    expect(await backend.isOccupied(cell.key)).toBe(true);
  },
};
