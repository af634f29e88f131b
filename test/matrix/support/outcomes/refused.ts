import { expect } from '@jest/globals';
import { withoutLeak } from '../../../support/leaks.js';
import type { Code } from '../forms.js';
import type { Traits } from '../kind.js';
import { unlessBodyRuns, type Outcome, type Stage } from './outcome.js';

/** HTTP statuses and exceptions of the other transports; a client must not see the key. */
const publicIds = ({ form }: Traits): readonly string[] => (form.isPublic ? ['N8', 'D3'] : []);

async function expectRefusal({ cell, begin }: Stage, code: Code): Promise<void> {
  cell.work.open();
  const told = await unlessBodyRuns(cell, begin().error());
  const { form } = cell.traits;
  form.tells(told, code, cell);
  if (form.isPublic) withoutLeak(told, 'other-');
  expect(cell.entered).toBe(0);
}

export const BUSY: Outcome = {
  name: 'busy',
  sentence: 'tells its caller in its own form that the lock is busy, and does not run',
  ids: (traits) => ['D4', ...publicIds(traits)],
  options: { wait: 0 },
  prove: async (stage) => {
    const { cell, backend } = stage;
    await backend.occupy(cell.key);
    await expectRefusal(stage, 'LOCK_NOT_ACQUIRED');
    expect(await backend.isOccupied(cell.key)).toBe(true);
    expect(await backend.taken(cell.keys)).toEqual([cell.key]);
  },
};

export const SKIPPED: Outcome = {
  name: 'skipped',
  sentence: 'does nothing while the lock is busy and its decorator says skip, and nobody logs it',
  ids: ({ isJob }) => [...(isJob === true ? ['N1'] : []), 'D4'],
  options: { wait: 0, onBusy: 'skip' },
  prove: async ({ cell, backend, log, begin }) => {
    cell.work.open();
    await backend.occupy(cell.key);
    const complaints = log.complaints.length;
    const scripts = await backend.tally?.scripts();
    expect(await unlessBodyRuns(cell, begin().skipped())).toBeUndefined();
    expect(cell.entered).toBe(0);
    expect(log.complaints.slice(complaints)).toEqual([]);
    expect(await backend.isOccupied(cell.key)).toBe(true);
    if (scripts !== undefined) expect(await backend.tally?.scripts()).toBeGreaterThan(scripts);
  },
};

export const DOWN: Outcome = {
  name: 'down',
  sentence: 'tells its caller in its own form that Redis cannot be asked, and does not run',
  ids: (traits) => ['O1', ...publicIds(traits)],
  options: { wait: 0 },
  isDown: true,
  prove: (stage) => expectRefusal(stage, 'LOCK_BACKEND'),
};
