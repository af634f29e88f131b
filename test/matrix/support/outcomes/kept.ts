import { expect } from '@jest/globals';
import { eventually } from '../../../support/eventually.js';
import { ALIAS } from '../neighbours.js';
import { arrival, expectResult, type Outcome, type Stage } from './outcome.js';

/** That of a lease by default. */
const TTL = 30_000;

export const KEPT = {
  name: 'kept',
  sentence: 'with minHold, leaves its key taken, and a second call is skipped',
  ids: () => ['N2', 'D4'],
  options: { wait: 0, onBusy: 'skip', minHold: 2 * TTL },
  prove: async (stage: Stage) => {
    const { cell, backend, locks, begin } = stage;
    const call = begin();
    await arrival(cell, call);
    cell.work.open();
    await expectResult(stage, call);
    if (cell.outcome.isPiped === true && cell.traits.pipeline !== 'none') cell.sent = ALIAS;
    // Longer than any lease: it was given back.
    await eventually(async () => ((await locks.inspect(cell.key))?.ttl ?? 0) > TTL);
    expect(await begin().skipped()).toBeUndefined();
    expect(cell.entered).toBe(1);
    expect(await backend.taken(cell.keys)).toEqual([cell.key]);
  },
} satisfies Outcome;

export const ALIASED: Outcome = {
  ...KEPT,
  name: 'aliased',
  sentence: 'has one key for one argument: a second call that spells it otherwise is skipped',
  ids: () => ['D2', 'D4'],
  isPiped: true,
};
