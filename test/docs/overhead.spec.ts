import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReadme, ROOT } from './readme-code.js';

/** The specifier is not a literal, because TypeScript does not read the benchmark's JavaScript. */
const TABLE: string = '../bench/overhead/table.mjs';

it('the README shows what the decorator adds as the last run measured it', async () => {
  const { toMarkdown } = (await import(TABLE)) as { toMarkdown: (results: unknown) => string };
  const results: unknown = JSON.parse(readFileSync(join(ROOT, 'test/bench/overhead/results.json'), 'utf8'));
  expect(readReadme()).toContain(toMarkdown(results));
});
