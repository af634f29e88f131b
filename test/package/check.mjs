// Checks the package as its users get it: packs it, installs the tarball into apps of their own, compiles and runs them.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ConsumerApp } from './consumer-app.mjs';
import { CONSUMERS } from './consumers.mjs';
import { startRedis } from './redis.mjs';
import { Report } from './report.mjs';
import { mustRun } from './run.mjs';
import { assertContents, assertSourceMaps, pack } from './tarball.mjs';
import { WorkspaceApp } from './workspace-app.mjs';
import { installManagers, WORKSPACES } from './workspaces.mjs';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** Makes `require()` load dist/cjs: without require(esm) Node does not know the condition "module-sync". */
const COMMONJS_COPY = ['--no-experimental-require-module'];

const bin = (name) => join(ROOT, 'node_modules', '.bin', name);

/** Packages above the apps would stand in for what the library forgot to ask for. */
function warnOfPackagesAbove(dir) {
  const found = join(dir, 'node_modules');
  if (existsSync(found))
    console.log(`The apps see ${found} too: set TMPDIR to a folder without packages above it to be sure.`);
  if (dirname(dir) !== dir) warnOfPackagesAbove(dirname(dir));
}

async function checkPackage(report, dir) {
  const tarball = await report.check('npm pack, from a clean clone', () => pack(ROOT, dir));
  if (!tarball) return undefined;
  await report.check('the tarball holds dist, README, LICENSE, CHANGELOG and nothing else', () =>
    assertContents(tarball.files),
  );
  await report.check('source maps hold their sources', () => assertSourceMaps(ROOT, tarball.files));
  await report.check('attw: types resolve in every module system', () =>
    mustRun(bin('attw'), ['--no-emoji', tarball.path], { cwd: ROOT }),
  );
  await report.check('publint', () => mustRun(bin('publint'), ['run', '--strict', tarball.path], { cwd: ROOT }));
  return tarball.path;
}

async function checkRun(report, app, title, { flags, redis }) {
  const backends = [
    ['memory'],
    ...(redis
      ? [
          ['url', redis.url],
          ['client', redis.url],
        ]
      : []),
  ];
  for (const backend of backends) {
    report.all(`${title}, ${backend[0]}`, await app.serve(flags, backend));
  }
  await app.withTrap('ioredis', () =>
    report.check(`${title}: nestjs-redis-lock/testing does not load ioredis`, () =>
      app.script(flags, 'testing-alone.mjs'),
    ),
  );
}

async function checkConsumer(report, consumer, { dir, tarball, redis }) {
  const {
    name,
    compile,
    alsoTypechecks,
    oldestCompiles = [],
    completions = false,
    withCommonJsCopy = false,
  } = consumer;
  await mkdir(dir);
  const app = new ConsumerApp(consumer, dir);
  const title = (options) =>
    `${name}: type-checks with module ${options.module}, moduleResolution ${options.moduleResolution}`;

  const installed = await report.check(`${name}: installs, peers agree`, () => app.install(tarball).then(() => true));
  if (!installed) return;
  for (const options of alsoTypechecks) await report.check(title(options), () => app.compile(options, { emit: false }));
  for (const options of oldestCompiles) {
    const oldest = { emit: false, compiler: 'oldest-typescript', include: ['src/oldest.ts'] };
    await report.check(`${title(options)}, oldest TypeScript`, () =>
      app.compile({ ...options, skipLibCheck: true }, oldest),
    );
  }
  await report.check(title(compile), () => app.compile(compile, { emit: true }));
  if (completions)
    await report.check(`${name}: editors offer the documented names only`, () => app.script([], 'completions.mjs'));
  await report.check(`${name}: import and require give one copy`, () => app.script([], 'one-copy.mjs'));
  await report.check(`${name}: errors are recognised across two copies`, () => app.script([], 'two-copies.cjs'));
  await checkRun(report, app, name, { flags: [], redis });
  if (withCommonJsCopy) await checkRun(report, app, `${name}, dist/cjs`, { flags: COMMONJS_COPY, redis });
}

async function checkWorkspaces(report, { dir, tarball, redis }) {
  const tools = await report.check('package managers: install', () => installManagers(join(dir, 'managers')));
  if (!tools) return;
  for (const [index, workspace] of WORKSPACES.entries()) {
    const app = new WorkspaceApp(workspace, { dir: join(dir, `workspace-${index}`), tarball, tools });
    const installed = await report.check(`${workspace.name}: installs, peers agree`, () =>
      app.install().then(() => true),
    );
    if (installed) report.all(workspace.name, await app.serve(redis?.url));
  }
}

const report = new Report();
const dir = await mkdtemp(join(tmpdir(), 'nestjs-redis-lock-'));
const redis = await startRedis(dir);
try {
  warnOfPackagesAbove(dir);
  if (!redis) console.log('No redis-server or valkey-server found: the apps run on the in-memory store only.');
  const tarball = await checkPackage(report, dir);
  if (tarball) {
    for (const [index, consumer] of CONSUMERS.entries()) {
      await checkConsumer(report, consumer, { dir: join(dir, `consumer-${index}`), tarball, redis });
    }
    await checkWorkspaces(report, { dir, tarball, redis });
  }
} finally {
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
}
console.log(report.summary);
process.exitCode = report.failed === 0 ? 0 : 1;
