import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RedisLockErrorCode } from 'nestjs-redis-lock';
import { withoutLeak } from '../support/leaks.js';
import { LOCK_CODES } from '../support/lock-failures.js';
import { WORLDS, type World } from './answers/clients.js';
import { at, COLUMNS, ROWS, toMarkdown } from './answers/table.js';
import { readReadme } from './readme-code.js';

/** What the clients of each row were told of each code, in the world that was asked last. */
const told = ROWS.map((): Record<string, unknown> => ({}));

describe.each(['Express', 'Fastify'] as const)(
  'an error of ours that a handler of a hybrid app on %s throws',
  (platform) => {
    let world: World;

    beforeAll(async () => {
      world = await WORLDS[platform]();
    });

    afterAll(() => world.close());

    const rows = ROWS.map((row, index) => ({ ...row, index })).filter(({ worlds }) => worlds.includes(platform));

    it.each(rows.flatMap((row) => LOCK_CODES.map((code) => ({ ...row, errorCode: code }))))(
      'N8 D3: a client of $title is told $errorCode, and neither key nor cause',
      async ({ by, code, errorCode, index }) => {
        const answer = withoutLeak(await world.ask[by](errorCode), 'order:');
        expect(at(answer, code)).toBe(errorCode);
        const row = told[index]!;
        expect(answer).toEqual(row[errorCode] ?? answer);
        row[errorCode] = answer;
      },
    );

    it('N8: only bugs of the app are logged as errors', () => {
      const bugs: readonly RedisLockErrorCode[] = COLUMNS.at(-1)!.codes;
      expect(world.log.at('error')).toHaveLength(bugs.length * rows.length);
      expect(world.log.at('warn')).toEqual([]);
    });
  },
);

it('the README shows what clients are told, and nothing else', () => {
  expect(readReadme()).toContain(toMarkdown(told));
});

it('each code is in one column', () => {
  expect(COLUMNS.flatMap(({ codes }) => codes).sort()).toEqual([...LOCK_CODES].sort());
});
