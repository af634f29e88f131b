import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = ['dist/esm', 'dist/sample/redis'];

// The table alone goes to stdout.
const npm = (...args) => execFileSync('npm', args, { cwd: ROOT, stdio: ['ignore', 2, 2] });

/** A copy of what was built, because workers start all the time and a build in between must not change them. */
export function prepare({ build }) {
  if (build) {
    npm('run', 'build:sample'); // It starts the Redis server.
    npm('run', 'build');
  }
  const missing = PARTS.find((part) => !existsSync(join(ROOT, part)));
  if (missing !== undefined) throw new Error(`${missing} is missing: leave out --no-build`);
  const folder = mkdtempSync(join(tmpdir(), 'torture-'));
  for (const part of ['package.json', ...PARTS]) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return {
    library: join(folder, 'dist/esm/index.js'),
    redisProcess: join(folder, 'dist/sample/redis/redis-process.js'),
    guardian: join(folder, 'dist/sample/redis/guardian.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
