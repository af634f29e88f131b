import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { runProgram } from '../support/run-program.js';
import { sendCommand } from '../support/send-command.js';
import { uniqueKey } from '../support/unique-key.js';

const PROGRAMS = [
  { program: 'failed-compile', says: "refused: Nest can't resolve dependencies of the NeedsWhatIsMissing" },
  { program: 'failed-init', says: 'refused: no luck' },
  { program: 'dead-address', says: 'refused: LockBackendError' },
  { program: 'used-and-closed', says: 'refused: true' },
];

describe('a process', () => {
  it.each(PROGRAMS)(
    'X2: ends by itself, with nothing left that keeps it alive ($program)',
    async ({ program, says }) => {
      const { output, exited } = runProgram(`e2e/programs/${program}.ts`);
      expect(await exited).toEqual({ code: 0, signal: null });
      expect(output()).toContain(says);
      const idle = /idle for (\d+) ms/.exec(output())?.[1];
      expect(Number(idle)).toBeLessThan(500);
    },
  );

  it('O2: finishes its work on SIGTERM, and leaves no key', async () => {
    const KEY_PREFIX = uniqueKey('app');
    const { output, printed, exited, kill } = runProgram('e2e/programs/sigterm.ts', { KEY_PREFIX });
    const url = await printed(/http:\S+/);
    const response = request(url)
      .get('/')
      .then(({ status }) => status);
    await printed(/working/);
    const connection = process.env.TEST_REDIS_URL ?? '';
    expect(await sendCommand(connection, 'EXISTS', `${KEY_PREFIX}work`)).toBe(1);
    kill('SIGTERM');
    expect(await response).toBe(200);
    expect(await exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(output()).toMatch(/working\s+finished/);
    expect(await sendCommand(connection, 'EXISTS', `${KEY_PREFIX}work`)).toBe(0);
  });
});
