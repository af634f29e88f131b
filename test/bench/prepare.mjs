import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '../..');
const PACKAGE = join(HERE, 'node_modules/nestjs-redis-lock');

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

export function installedVersion(name) {
  const path = join(HERE, 'node_modules', name, 'package.json');
  return existsSync(path) ? readJson(path).version.replace(/^v/, '') : undefined;
}

// The table alone goes to stdout.
const npm = (args, cwd) => execFileSync('npm', args, { cwd, stdio: ['ignore', 2, 2] });

function installRivals() {
  const wanted = Object.entries(readJson(join(HERE, 'package.json')).dependencies);
  // Some declare older peers than those they run with here.
  if (wanted.some(([name, version]) => installedVersion(name) !== version))
    npm(['install', '--legacy-peer-deps', '--no-audit', '--no-fund'], HERE);
}

/** A copy of what is published: it lies where the rivals lie, takes its ioredis from there too, and no build touches it during a run. */
function installOurs() {
  rmSync(PACKAGE, { recursive: true, force: true });
  for (const path of ['package.json', 'dist/esm', 'dist/cjs'])
    cpSync(join(ROOT, path), join(PACKAGE, path), { recursive: true });
}

export function prepare({ build }) {
  installRivals();
  if (build) {
    npm(['run', 'build:sample'], ROOT); // It starts the Redis server.
    npm(['run', 'build'], ROOT);
  }
  installOurs();
}
