// `node build.js` builds the package, `node build.js sample` what `npm start` runs.
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BUILDS = { package: buildPackage, sample: buildSample };

process.chdir(import.meta.dirname);
const [name = 'package'] = process.argv.slice(2);
const build = BUILDS[name];
if (build === undefined) fail(`There is no build "${name}", only: ${Object.keys(BUILDS).join(', ')}.`);
build();

function buildPackage() {
  remove('dist/esm', 'dist/cjs');
  run('@nestjs/cli/bin/nest.js', 'build', '-p', 'tsconfig.esm.json');
  run('@nestjs/cli/bin/nest.js', 'build', '-p', 'tsconfig.cjs.json');
  // The package is one of ES modules; Node reads the nearest package.json.
  writeFileSync('dist/cjs/package.json', JSON.stringify({ type: 'commonjs' }));
}

/** Types are checked by `npm run typecheck`: a user who starts the sample does not wait for that. */
function buildSample() {
  remove('dist/esm', 'dist/sample');
  run('typescript/bin/tsc', '-p', 'tsconfig.esm.json', '--noCheck');
  run('typescript/bin/tsc', '-p', 'sample/tsconfig.json', '--noCheck');
  cpSync('sample/public', 'dist/sample/public', { recursive: true });
}

function remove(...folders) {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Runs the JavaScript of a package: what npm puts into .bin is another kind of file on each system. */
function run(program, ...args) {
  try {
    execFileSync(process.execPath, [join('node_modules', program), ...args], { stdio: 'inherit' });
  } catch {
    fail(`${program} ${args.join(' ')} failed.`);
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
