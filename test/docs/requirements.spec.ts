import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from './readme-code.js';

const TEST = join(ROOT, 'test');
const page = readFileSync(join(TEST, 'README.md'), 'utf8');

const ID = '[A-Z]\\d{1,2}[a-e]?';
/** The text in which a title begins with what it proves. */
const TITLE = new RegExp(`['"\`](${ID}(?: ${ID})*): `, 'gu');
/** Where titles are put together out of lists of IDs: texts that are nothing else. */
const LISTED = new RegExp(`'(${ID}(?:, ${ID})*)'`, 'gu');
const LISTS = /^(?:matrix|bench\/decorators)\//u;

/** All files of test, as paths from there; of installed packages none. */
function filesIn(folder = ''): string[] {
  return readdirSync(join(TEST, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path) : [path];
    });
}

const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();
const files = filesIn();
const folders = unique(files.map((path) => posix.dirname(path))).filter((path) => path !== '.');

function idsIn(path: string): string[] {
  const text = readFileSync(join(TEST, path), 'utf8');
  const found = [...text.matchAll(TITLE), ...(LISTS.test(path) ? text.matchAll(LISTED) : [])];
  return found.flatMap(([, ids = '']) => ids.split(/,? /u));
}

/** What stands in the first cells of the page's rows, where that is an ID or a folder; each with something behind it. */
const firstCells = (cell: string): string[] =>
  [...page.matchAll(new RegExp(`^\\| ${cell} \\| \\S.* \\|$`, 'gmu'))].map(([, name = '']) => name);

describe('test/README.md', () => {
  it('says what each requirement is that a title names, once, and no other', () => {
    const named = files.filter((path) => /\.m?ts$|\.mjs$/u.test(path)).flatMap(idsIn);
    expect(firstCells(`(${ID})`).sort()).toEqual(unique(named));
  });

  it('says what is in each folder, once, and in no other', () => {
    const named = folders.filter((path) => !path.startsWith('unit/'));
    expect(firstCells('`([\\w/-]+)`').sort()).toEqual(named);
  });
});

describe('specs', () => {
  it('have names of which no two are the same', () => {
    const names = files.filter((path) => path.endsWith('.spec.ts')).map((path) => posix.basename(path));
    expect(names.sort()).toEqual(unique(names));
  });

  it('of unit stand in folders that lib has too', () => {
    const ofLib = readdirSync(join(ROOT, 'lib'), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name, parentPath }) => join(parentPath, name));
    const mirrored = folders.filter((path) => path.startsWith('unit/')).map((path) => path.replace('unit', 'lib'));
    expect(ofLib).toEqual(expect.arrayContaining(mirrored.map((path) => join(ROOT, path))));
  });
});
