import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReadme, ROOT } from './readme-code.js';

/** The specifier is not a literal, because TypeScript does not read the program's JavaScript. */
const EXCERPT: string = '../torture/report/excerpt.mjs';

describe('the torture in the README', () => {
  it('shows the figures of the run that is kept, in which nothing was wrong', async () => {
    const results = JSON.parse(readFileSync(join(ROOT, 'test/torture/results.json'), 'utf8')) as {
      readonly wrong: unknown[];
    };
    const { excerpt } = (await import(EXCERPT)) as { excerpt: (results: object) => string };
    expect(readReadme()).toContain(excerpt(results));
    expect(results.wrong).toEqual([]);
  });
});
