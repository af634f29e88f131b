import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutation } from './mutations.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const PARTS = ['lib', 'test/simulation', 'test/support', 'jest.config.js', 'package.json'];

/** What the simulation found in so many worlds. */
export interface Verdict {
  readonly worlds: number;
  readonly invariant: string | undefined;
  readonly what: string | undefined;
  /** What it printed, if that was no verdict. */
  readonly trouble: string | undefined;
}

/** The text of the file with the mistake in it; throws when the table does not fit the engine any more. */
export function mutate({ name, file, find, replace }: Mutation): string {
  const text = readFileSync(join(ROOT, 'lib/engine', file), 'utf8');
  const count = text.split(find).length - 1;
  if (count !== 1)
    throw new Error(`The mutation "${name}" has to match once in lib/engine/${file}, not ${count} times.`);
  return text.replace(find, () => replace);
}

/** Runs the simulation on a copy of the engine, with a mistake in it or without. */
export async function simulate(mutation: Mutation | undefined, seeds: number, from: number): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'mutant-'));
  try {
    for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    if (mutation !== undefined) writeFileSync(join(folder, 'lib/engine', mutation.file), mutate(mutation));
    return readVerdict(await run(folder, seeds, from));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(folder: string, seeds: number, from: number): Promise<string> {
  const args = [
    '--no-warnings',
    '--import',
    './test/support/register-ts.mjs',
    'test/simulation/run.ts',
    '--json',
    '--seeds',
    String(seeds),
    '--from',
    String(from),
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await new Promise((resolve) => child.once('close', resolve));
  return output;
}

function readVerdict(output: string): Verdict {
  try {
    const { worlds, invariant, what } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Verdict;
    return { worlds, invariant, what, trouble: undefined };
  } catch {
    return { worlds: 0, invariant: undefined, what: undefined, trouble: output.slice(-2_000) };
  }
}
