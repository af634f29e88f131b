import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReadme, ROOT } from './readme-code.js';

/** The specifier is not a literal, because TypeScript does not read the benchmark's JavaScript. */
const EXCERPT: string = '../bench/report/excerpt.mjs';

interface Row {
  readonly contestant: string;
  readonly commands: number;
  readonly callerFairness?: number;
  readonly failures: object;
}

interface Results {
  readonly eager: readonly { readonly name: string; readonly rows: readonly Row[] }[];
}

const results = JSON.parse(readFileSync(join(ROOT, 'test/bench/results.json'), 'utf8')) as Results;

describe('the benchmark in the README', () => {
  it('shows the figures of the last full run, and no others', async () => {
    const { excerpt } = (await import(EXCERPT)) as { excerpt: (results: Results) => string };
    expect(readReadme()).toContain(excerpt(results));
  });

  it.each(results.eager)('nobody of ours failed in $name', ({ rows }) => {
    expect(rows.find(({ contestant }) => contestant === 'ours')?.failures).toEqual({});
  });

  it.each([
    { scene: 'uncontended', most: 2 },
    { scene: 'hot-key', most: 0.5 },
    { scene: 'hot-key-4', most: 1 },
    { scene: 'waiters-64', most: 60 / 64 },
    { scene: 'crowd-one-key', most: 0.5 },
  ])('W2a: at most $most commands per lock in $scene', ({ scene, most }) => {
    const ours = results.eager.find(({ name }) => name === scene)?.rows.find(({ contestant }) => contestant === 'ours');
    expect(ours?.commands).toBeLessThanOrEqual(most);
  });

  it('W7: callers of four processes have an even share', () => {
    const ours = results.eager
      .find(({ name }) => name === 'hot-key-4')
      ?.rows.find(({ contestant }) => contestant === 'ours');
    expect(ours?.callerFairness).toBeGreaterThanOrEqual(0.98);
  });
});
