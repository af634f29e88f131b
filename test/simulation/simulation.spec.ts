import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { TEST_LIMIT_MS } from '../support/patience.mjs';
import { SEED } from '../support/seed.js';
import { WEATHERS } from './weather.js';

/** A world that failed can be lived through again by the command that the failure names. */
const WORLDS = 2_000;

const SUPPORT = join(import.meta.dirname, '..', 'support', 'register-ts.mjs');
const PROGRAM = join(import.meta.dirname, 'run.ts');

interface Report {
  readonly code: number;
  readonly output: string;
}

/** In a process of its own: in the context of a test everything global costs several times as much. */
function live(...args: string[]): Promise<Report> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--no-warnings', '--import', SUPPORT, PROGRAM, ...args],
      { timeout: TEST_LIMIT_MS, maxBuffer: 2 ** 24 },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? NaN, output: stdout + stderr });
      },
    );
  });
}

/**
 * What is checked after every step of every world:
 *
 * - exclusion: whoever is not told of a loss holds the key on the server, alone, and may only err while it cannot know that it was taken away
 * - fencing: tokens grow in the order of the grants, also when data is lost, and each is given out once
 * - patience: nobody waits longer than asked for, the time apart in which its event loop was blocked or its machine slept
 * - fairness: beside a crowd that never stops, whoever waits has its turn: woken, polling, or a program that is in no queue
 * - told in time: no claim goes beyond the lease on the server, and a loss is told before it
 * - nothing left: no orphaned values, no queues, no alarms when all is over; nothing of a process that was shut down, once its connection is at its end
 * - liveness: a free key is taken by those who wait for it, within two seconds whatever was lost, and all come to their end
 * - no false alarm: Redis is called broken only where it did not answer, an inbox refused only where it was
 * - no crash: nothing throws or rejects that is not among the errors of the library
 */
describe(`C1 C2 C7: processes with clocks of their own, on a server that is not to be relied on (SEED=${SEED})`, () => {
  it(`every invariant holds in ${WORLDS} worlds of all kinds of weather`, async () => {
    const { code, output } = await live('--seeds', String(WORLDS), '--from', String(SEED));
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(
        new RegExp(`^${WORLDS} worlds from seed ${SEED} of ${WEATHERS.length} kinds, \\d+ locks`, 'u'),
      ),
    });
    // So many get in that the rest means something.
    expect(Number(/(\d+) locks/u.exec(output)?.[1])).toBeGreaterThan(WORLDS * 5);
  });
});
