import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const NAME = 'nestjs-redis-lock';

/** The package as it is installed: both of its outputs, and what package.json says of them. */
export interface InstalledPackage {
  /** A folder whose `node_modules` has it beside all that this repository depends on. */
  readonly dir: string;
  /** The file that its users load, in either output. */
  entry(format: 'esm' | 'cjs'): string;
  /** The same where there is nothing beside it. */
  readonly entryAlone: string;
  remove(): Promise<void>;
}

export async function installPackage(): Promise<InstalledPackage> {
  const root = await mkdtemp(join(tmpdir(), 'bundles-'));
  const [alone, dir] = [join(root, 'alone'), join(root, 'app')];
  const [first, second] = [alone, dir].map((folder) => join(folder, 'node_modules', NAME)) as [string, string];
  await mkdir(join(first, 'dist', 'cjs'), { recursive: true });
  await copyFile(join(ROOT, 'package.json'), join(first, 'package.json'));
  await writeFile(join(first, 'dist', 'cjs', 'package.json'), '{ "type": "commonjs" }');
  await Promise.all(['esm', 'cjs'].map((format) => compile(format, join(first, 'dist', format))));
  await cp(first, second, { recursive: true });
  await linkPackages(join(dir, 'node_modules'));
  return {
    dir,
    entry: (format) => join(second, 'dist', format, 'index.js'),
    entryAlone: join(first, 'dist', 'esm', 'index.js'),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

async function linkPackages(into: string): Promise<void> {
  const from = join(ROOT, 'node_modules');
  const names = (await readdir(from)).filter((name) => !name.startsWith('.') && name !== NAME);
  await Promise.all(names.map((name) => symlink(join(from, name), join(into, name))));
}

async function compile(format: string, outDir: string): Promise<void> {
  const args = [
    COMPILER,
    '-p',
    join(ROOT, `tsconfig.${format}.json`),
    '--noCheck',
    '--declaration',
    'false',
    '--outDir',
    outDir,
  ];
  const [code] = await once(spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }), 'close');
  if (code !== 0) throw new Error(`The compiler ended with ${String(code)}.`);
}
