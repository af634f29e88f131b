import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sequenceFaults } from './mermaid.js';
import { ROOT } from './readme-code.js';

const ENGINE = join(ROOT, 'lib/engine');
const readme = readFileSync(join(ENGINE, 'README.md'), 'utf8');
const files = readdirSync(ENGINE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

/** The text beneath a heading, up to the next one of its level or above. */
function section(title: string): string {
  const [, marks = '', text = ''] = new RegExp(`^(#+) ${title}\n([^]*)`, 'mu').exec(readme) ?? [];
  return text.split(new RegExp(`^#{2,${marks.length}} `, 'mu'))[0] ?? '';
}

/** The cells of each row of the tables in a text, without their heads. */
function rows(text: string): string[][] {
  const table = text.split('\n').filter((line) => line.startsWith('|'));
  return table
    .filter((_, index) => !isRule(table[index]) && !isRule(table[index + 1]))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

function isRule(line: string | undefined): boolean {
  return /^\|(?:[-:]+\|)+$/u.test(line ?? '');
}

/** What stands between backticks. */
function code(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/gu)].map(([, inner = '']) => inner);
}

function source(file: string): string {
  return readFileSync(join(ENGINE, file), 'utf8');
}

function literals(union: string): string[] {
  return [...union.matchAll(/'(\w+)'/gu)].map(([, literal = '']) => literal);
}

/** The states of a class that has them in one private field. */
function statesOf(file: string): string[] {
  const [, union = ''] = /^ {2}#state: ((?:'\w+'(?: \| )?)+)/mu.exec(source(file)) ?? [];
  return literals(union);
}

/** The names of all kinds of phase, each of which is an interface or a class with a `name`. */
function phases(): string[] {
  const queue = files.filter((file) => file.startsWith('queue/')).map(source);
  const [, union = ''] = /^export type Phase = ([\w |]+);/mu.exec(queue.join('\n')) ?? [];
  return union.split(' | ').flatMap((kind) => {
    const declaration = new RegExp(
      `^export (?:interface|class) ${kind}\\b[^]*?^ {2}readonly name(?: =|:) ('\\w+');`,
      'mu',
    );
    return queue.flatMap((text) => literals(declaration.exec(text)?.[1] ?? ''));
  });
}

describe("the engine's README", () => {
  it('names every file of the engine, and no other', () => {
    const named = rows(section('Files')).flatMap(([name = '']) => code(name));
    expect(named.filter((name) => !name.endsWith('/')).sort()).toEqual([...files].sort());
  });

  it('links to headings that it has', () => {
    const headings = [...readme.matchAll(/^#+ (.*)$/gmu)].map(
      ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
    );
    for (const [, link = ''] of readme.matchAll(/\]\(([^)]+)\)/gu)) expect(headings).toContain(link);
  });

  it('names tests that exist', () => {
    const named = code(readme).filter((text) => /^test\/[\w./-]+$/u.test(text));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('explains each word of the glossary once', () => {
    const words = rows(section('Glossary')).map(([word]) => word);
    expect(words.length).toBeGreaterThan(30);
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
  });
});

describe('the invariants', () => {
  it('are those that the code asserts, in its words', () => {
    const asserted = files.flatMap((file) =>
      [...source(file).matchAll(/\binvariant\([^;]*?'([^']+)'\);/gu)].map(([, rule]) => rule),
    );
    const listed = section('Invariants')
      .match(/^\* .*$/gmu)
      ?.map((line) => line.slice(2));
    expect(asserted.length).toBeGreaterThan(0);
    expect(listed?.sort()).toEqual(asserted.sort());
  });
});

describe('the tables of transitions', () => {
  it.each([
    { title: 'Cohort', states: phases },
    { title: 'Lease', states: () => statesOf('lease/lease.ts') },
    { title: 'Held lock', states: () => statesOf('lock/held-lock.ts') },
    { title: 'Waiter', states: () => statesOf('queue/waiter.ts') },
    { title: 'Wake-ups', states: () => statesOf('queue/wake-ups.ts') },
  ])('$title: has the states of the code, and no others', ({ title, states }) => {
    const named = rows(section(title)).flatMap(([from = '', , to = '']) => [...code(from), ...code(to)]);
    expect(states().length).toBeGreaterThan(1);
    expect([...new Set(named)].sort()).toEqual(states().sort());
  });
});

describe('the sequence diagrams', () => {
  const diagrams = [...readme.matchAll(/^### (.*)\n\n```mermaid\n([^]*?)```$/gmu)].map(([, title = '', text = '']) => ({
    title,
    text,
  }));

  it('are one each of the four scenes', () => {
    expect(diagrams.map(({ title }) => title)).toEqual([
      'Uncontended',
      'Hand-over inside a process',
      'Hand-over between processes',
      'Loss',
    ]);
  });

  it.each(diagrams)('$title: can be drawn', ({ text }) => {
    expect(sequenceFaults(text)).toEqual([]);
  });
});

describe('sequenceFaults()', () => {
  const faultsOf = (...lines: string[]): string[] =>
    sequenceFaults(['sequenceDiagram', 'participant A as One', ...lines].join('\n'));

  it.each([
    { line: 'A->>B: text', fault: 'no participant B' },
    { line: 'Note over A,B: text', fault: 'no participant B' },
    { line: 'A->>A: one; two', fault: "a character of Mermaid's own" },
    { line: 'A->A', fault: 'unknown' },
    { line: 'loop for ever', fault: 'never ends' },
    { line: 'else otherwise', fault: 'no alt is open' },
    { line: 'end', fault: 'an end too many' },
  ])('finds what is wrong with $line', ({ line, fault }) => {
    expect(faultsOf(line)).toEqual([expect.stringContaining(fault)]);
  });

  it('finds nothing wrong with what Mermaid draws', () => {
    expect(faultsOf('alt one', 'A->>A: text', 'else two', 'A-->>A: text', 'end', 'Note over A: text')).toEqual([]);
  });
});

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, h: 3_600_000, '%': 0.01 };

/** A figure as the code has it: milliseconds, microseconds where the constant's name says so, or a plain number. */
function figure(constant: string, text: string): number[] {
  return text.split(', ').map((part) => {
    const [, number = '', unit = ''] = /^([\d.]+)(?: (\S+))?$/u.exec(part) ?? [];
    return Number(number) * (unit === '' ? 1 : (UNITS[unit] ?? NaN)) * (constant.endsWith('_US') ? 1_000 : 1);
  });
}

/** The numeric constants of a file. */
function constantsIn(file: string): Map<string, number[]> {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = text.matchAll(/^(?:export )?const ([A-Z][A-Z_\d]*) = \[?([\d_.]+(?:, [\d_.]+)*)\]?;/gmu);
  return new Map(
    [...found].map(([, name = '', value = '']) => [
      name,
      value.split(', ').map((part) => Number(part.replaceAll('_', ''))),
    ]),
  );
}

describe('the figures', () => {
  const table = rows(section('Figures')).map(([name = '', value = '', file = '']) => ({
    name: code(name)[0] ?? '',
    value,
    file: code(file)[0] ?? '',
  }));

  it.each(table)('$name is $value', ({ name, value, file }) => {
    expect(figure(name, value)).toEqual(constantsIn(file).get(name));
  });

  it.each(files)('has all constants of lib/engine/%s', (file) => {
    const path = `lib/engine/${file}`;
    const named = table.filter((row) => row.file === path).map(({ name }) => name);
    expect(named.sort()).toEqual([...constantsIn(path).keys()].sort());
  });

  it('are the same wherever they stand in the text', () => {
    const values = new Map(table.map(({ name, value }) => [name, value]));
    for (const name of code(readme).filter((text) => /^[A-Z]+(?:_[A-Z]+)+$/u.test(text)))
      expect([...values.keys()]).toContain(name);
    const cited = [...readme.matchAll(/`([A-Z_]+)` \(([^)]+)\)/gu)];
    expect(cited.length).toBeGreaterThan(5);
    for (const [, name = '', value] of cited) expect([name, value]).toEqual([name, values.get(name)]);
  });
});
