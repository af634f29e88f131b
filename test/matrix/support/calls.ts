import { eventually } from '../../support/eventually.js';
import { rejection } from '../../support/watch.js';
import type { Cell } from './cell.js';
import type { Scene } from './kind.js';

/** One call of a cell, as its caller sees it. */
export interface Call {
  /** Settles when the caller was answered; never, if it is not. */
  readonly over: Promise<unknown>;
  /** What a body that ran through gives the caller. */
  result(): Promise<unknown>;
  /** What the caller is told in place of a result. */
  error(): Promise<unknown>;
  /** What the caller gets when its call was skipped. */
  skipped(): Promise<unknown>;
  /** Errors that were told elsewhere than to the caller. */
  complaints(): readonly unknown[];
}

/** What a caller was told that is no `Error`. */
export class Told extends Error {
  constructor(readonly value: unknown) {
    super(`The caller was told ${JSON.stringify(value)}`);
  }
}

/** The caller waits for an answer. */
export function replying(answer: Promise<unknown>): Call {
  answer.catch(() => undefined);
  return {
    over: answer,
    result: () => answer,
    skipped: () => answer,
    complaints: () => [],
    error: async () => {
      const error: unknown = await rejection(answer);
      return error instanceof Told ? error.value : error;
    },
  };
}

/** The caller gets no answer, but errors are logged while it waits for the end of the job. */
export function logging(errors: readonly unknown[], job: () => Promise<unknown>): Call {
  const known = errors.length;
  const answer = job().then((value) => {
    if (errors.length > known) throw new Told(errors[known]);
    return value;
  });
  return replying(answer);
}

/** The caller gets no answer at all; `errors` is where its errors end up. */
export function silent({ backend, settle }: Scene, cell: Cell, errors: readonly unknown[], fire: () => unknown): Call {
  const known = errors.length;
  const runs = cell.entered;
  const scripts = async (): Promise<number> =>
    cell.outcome.isDown === true ? 0 : ((await backend.tally?.scripts()) ?? 0);
  const asked = scripts();
  const fired = asked.then(fire);
  const complaints = (): readonly unknown[] => errors.slice(known);
  return {
    over: new Promise(() => undefined),
    complaints,
    result: async () => {
      await fired;
      await eventually(() => cell.finished > runs);
      return undefined;
    },
    error: async () => {
      await fired;
      await eventually(() => complaints().length > 0);
      return errors[known];
    },
    skipped: async () => {
      await fired;
      const before = await asked;
      await eventually(async () => cell.entered > runs || (await scripts()) > before);
      await settle();
      return complaints()[0];
    },
  };
}
