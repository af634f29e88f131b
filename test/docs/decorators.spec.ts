import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReadme, ROOT } from './readme-code.js';

interface Results {
  readonly about: {
    readonly libraries: Record<string, string>;
    readonly below: Record<string, string>;
    readonly nest: Record<string, string>;
  };
  readonly rows: readonly { readonly name: string; readonly title: string; readonly cells: Record<string, string> }[];
}

interface Check {
  readonly name: string;
  readonly proves: string;
  readonly title: string;
  readonly wanted: string;
}

/** The specifiers are not literals, because TypeScript does not read the program's JavaScript. */
const FOLDER: string = '../bench/decorators';
const { toMarkdown } = (await import(`${FOLDER}/table.mjs`)) as { toMarkdown: (results: Results) => string };
const { CHECKS } = (await import(`${FOLDER}/checks.mjs`)) as { CHECKS: readonly Check[] };
const { CONTESTANTS } = (await import(`${FOLDER}/contestants/index.mjs`)) as {
  CONTESTANTS: Record<string, { package: string }>;
};

const OURS = 'nestjs-redis-lock';
const readJson = (path: string): any => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
const results = readJson('test/bench/decorators/results.json') as Results;

describe('the comparison of decorators in the README', () => {
  it('shows what the last full run saw, and nothing else', () => {
    expect(readReadme()).toContain(toMarkdown(results));
  });

  it('is of all checks and all libraries, and each check could be made', () => {
    const libraries = Object.values(CONTESTANTS).map((contestant) => contestant.package);
    expect(Object.keys(results.about.libraries)).toEqual(libraries);
    expect(results.rows.map(({ name, title }) => ({ name, title }))).toEqual(
      CHECKS.map(({ name, title }) => ({ name, title })),
    );
    expect(
      results.rows.flatMap(({ cells }) => Object.keys(cells).filter((library) => cells[library] === 'error')),
    ).toEqual([]);
    expect(results.rows.map(({ cells }) => Object.keys(cells))).toEqual(CHECKS.map(() => libraries));
  });

  it.each(CHECKS)('$proves: ours is as it has to be. $title', ({ name, wanted }) => {
    expect(results.rows.find((row) => row.name === name)?.cells[OURS]).toBe(wanted);
  });

  it('is of the libraries that are pinned, on the Nest that the tests run on', () => {
    const { libraries, below, nest } = results.about;
    const { dependencies } = readJson('test/bench/package.json');
    const { devDependencies } = readJson('package.json');
    const { [OURS]: _ours, ...rivals } = libraries;
    expect(dependencies).toMatchObject({ ...rivals, ...below, ...nest });
    expect(devDependencies).toMatchObject(nest);
  });
});
