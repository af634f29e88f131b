import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** The package as it is installed: both of its outputs, and what package.json says of them. */
export interface InstalledPackage {
  /** The folder whose `node_modules` has it, and nothing else. */
  readonly dir: string;
  /** The file that its users load, in either output. */
  entry(format: 'esm' | 'cjs'): string;
  remove(): Promise<void>;
}

export async function installPackage(): Promise<InstalledPackage> {
  const dir = await mkdtemp(join(tmpdir(), 'bundles-'));
  const target = join(dir, 'node_modules', 'nestjs-redis-lock');
  await mkdir(join(target, 'dist', 'cjs'), { recursive: true });
  await copyFile(join(ROOT, 'package.json'), join(target, 'package.json'));
  await writeFile(join(target, 'dist', 'cjs', 'package.json'), '{ "type": "commonjs" }');
  await Promise.all(['esm', 'cjs'].map((format) => compile(format, join(target, 'dist', format))));
  return {
    dir,
    entry: (format) => join(target, 'dist', format, 'index.js'),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
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
