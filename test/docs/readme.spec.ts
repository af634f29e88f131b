import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as library from '../../lib/index.js';
import { COMMAND_TIMEOUT_MS } from '../../lib/redis-lock.constants.js';
import { resolveOptions } from '../../lib/options/module-options.js';
import { RedisLockError } from '../../lib/errors/redis-lock.error.js';
import { readExample, readmeBlocks, readReadme, ROOT } from './readme-code.js';

const readme = readReadme();

/** Rows of the table whose head begins with `title`, cells without their marks. */
function tableRows(title: string): string[][] {
  const lines = readme.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${title}`));
  expect(head).toBeGreaterThan(-1);
  const end = lines.findIndex((line, index) => index > head && !line.startsWith('|'));
  return lines.slice(head + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('README', () => {
  it('shows its first code by line 15', () => {
    expect(readme.split('\n').findIndex((line) => line.startsWith('import '))).toBeLessThan(15);
  });

  it('has every block of TypeScript from a file that is compiled and run', () => {
    const blocks = readmeBlocks();
    expect(blocks).toHaveLength(readme.match(/```ts/gu)?.length ?? 0);
    for (const { file, code } of blocks) expect(code).toBe(readExample(file));
    const files = readdirSync(join(ROOT, 'test/docs/examples'));
    expect(blocks.map(({ file }) => file.split('/').at(-1)).sort()).toEqual(files.sort());
  });

  it('links to what exists', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/gu)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect([link, existsSync(join(ROOT, link))]).toEqual([link, true]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readExample('package.json')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm\s+run\s+([\w:]+)/gu)].map(([, script = '']) => script);
    expect(named.length).toBeGreaterThan(1);
    for (const script of named) expect(Object.keys(scripts)).toContain(script);
  });

  it.each(['npm install && npm start', 'npm install && npm test'])('says that %s is all there is to do', (command) => {
    expect(readme).toContain(`\`${command}\``);
  });

  it('tells to run the tests as CI does', () => {
    expect(readFileSync(join(ROOT, '.ci/run'), 'utf8')).toMatch(/^counted .* 'npm install && npm test -- --json/mu);
  });

  it('D1: lists every error with its code', () => {
    const errors = Object.values(library).filter(
      (value) =>
        typeof value === 'function' && value.prototype instanceof Error && (value as unknown) !== RedisLockError,
    ) as unknown as { name: string; code: string }[];
    expect(
      tableRows('Error')
        .map(([name, code]) => [name, code])
        .sort(),
    ).toEqual(errors.map(({ name, code }) => [name, code]).sort());
  });

  it('tells the defaults that hold', () => {
    const { defaults, keyPrefix, maxWaiters, shutdownGrace } = resolveOptions({});
    const of = (rows: string[][], option: string): string | undefined =>
      rows.find(([name]) => name === option)?.[1]?.replace(/[^\d]/gu, '');
    const lock = tableRows('Option of a lock');
    for (const option of ['ttl', 'wait', 'backendWait', 'minHold'] as const)
      expect([option, of(lock, option)]).toEqual([option, `${defaults[option]}`]);
    const row = (name: string): string | undefined => lock.find(([option]) => option === name)?.[1];
    expect([row('renew'), row('reentry')]).toEqual([`${defaults.renew}`, `'${defaults.reentry}'`]);
    const module = tableRows('Option | Default');
    expect(of(module, 'shutdownGrace')).toBe(`${shutdownGrace}`);
    expect(of(module, 'commandTimeout')).toBe(`${COMMAND_TIMEOUT_MS}`);
    expect(module.find(([name]) => name === 'keyPrefix')?.[1]).toBe(`'${keyPrefix}'`);
    expect(module.find(([name]) => name === 'maxWaiters')?.[1]).toBe(`${maxWaiters}`);
  });
});
