import { expect } from '@jest/globals';
import type { RedisLockService, WithLockOptions } from 'nestjs-redis-lock';
import type { Backend } from '../backend.js';
import type { Call } from '../calls.js';
import type { Cell } from '../cell.js';
import type { ErrorLog } from '../error-log.js';
import type { Traits } from '../kind.js';

/** One cell, ready to be called. */
export interface Stage {
  readonly cell: Cell;
  readonly backend: Backend;
  readonly locks: RedisLockService;
  readonly log: ErrorLog;
  begin(): Call;
  /** Resolves when whatever was asked of the backend has been answered, and told. */
  settle(): Promise<void>;
}

/** What happens to the lock of a call, and what must come of it. */
export interface Outcome {
  readonly name: string;
  /** What the test says. */
  readonly sentence: string;
  /** The requirements that it proves for a kind. */
  readonly ids: (traits: Traits) => readonly string[];
  /** Those of its `@WithLock()`. */
  readonly options: WithLockOptions;
  /** Whether Redis has broken down. */
  readonly isDown?: true;
  /** Whether the key is made of what the method gets, where another may be made of what was sent. */
  readonly isPiped?: true;
  /** Whether an interceptor of the method calls it from another async context. */
  readonly isElsewhere?: true;
  prove(stage: Stage): Promise<void>;
}

/** The caller gets the result of the body, and nobody is told of an error. */
export async function expectResult({ cell, settle }: Stage, call: Call): Promise<void> {
  expect(await call.result()).toBe(cell.value);
  await settle();
  expect(call.complaints()).toEqual([]);
}

/** Waits until the body has come to its checkpoint, and makes sure that it is locked there. */
export async function arrival(cell: Cell, call: Call, pass = 1): Promise<void> {
  const early = call.over.then(() => {
    throw new Error('The call was over before its body had come to its checkpoint.');
  });
  await Promise.race([cell.work.arrived(pass), early]);
  if (cell.unlocked !== undefined) throw cell.unlocked as Error;
}

/** What comes of a call whose body must not run. */
export function unlessBodyRuns<T>(cell: Cell, answer: Promise<T>): Promise<T> {
  const run = cell.entry.promise.then(() => {
    throw new Error('The body ran.');
  });
  return Promise.race([answer, run]);
}
