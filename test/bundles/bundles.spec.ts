import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, transform } from 'esbuild';
import { freePort } from '../../sample/redis/free-port.js';
import { PATIENCE_MS, TEST_LIMIT_MS } from '../support/patience.mjs';
import { installPackage, type InstalledPackage } from './package.js';

const node = promisify(execFile);
const BUNDLERS = join(import.meta.dirname, 'bundlers.mjs');
const TSCONFIG = { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } };

interface Outcome {
  readonly told: Readonly<Record<string, unknown>>;
  readonly isOneCopy: boolean;
}

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
  // From within this repository its own name would be this repository, built or not.
  const app = join(installed.dir, 'app');
  await cp(join(import.meta.dirname, 'app'), app, { recursive: true });
  await writeFile(join(app, 'package.json'), '{ "type": "module" }');
  const { code } = await transform(await readFile(join(app, 'main.ts'), 'utf8'), {
    loader: 'ts',
    tsconfigRaw: TSCONFIG,
  });
  await writeFile(join(app, 'main.js'), code);
});

afterAll(() => installed.remove());

const busy = { status: 'error', code: 'LOCK_NOT_ACQUIRED', message: expect.any(String) };

/** By its exports a bundler takes the modules; of what is bundled as CommonJS all is said by name. */
const BUNDLES = [
  { bundler: 'esbuild', format: 'modules' },
  { bundler: 'esbuild', format: 'CommonJS' },
  { bundler: 'webpack', format: 'modules' },
  { bundler: 'rollup', format: 'modules' },
  { bundler: 'ncc', format: 'modules' },
];

describe.each(BUNDLES)('an app that is bundled by $bundler with the $format of the package', ({ bundler, format }) => {
  const bundle = (): string => join(installed.dir, `${bundler}-${format}`, 'app.mjs');

  beforeAll(async () => {
    const asCommonJs = format === 'CommonJS' ? [installed.entry('cjs')] : [];
    // Bundlers read what they find around them, such as this repository's tsconfig.json.
    const options = { cwd: installed.dir, timeout: TEST_LIMIT_MS };
    await node(
      process.execPath,
      [BUNDLERS, bundler, join(installed.dir, 'app', 'main.js'), bundle(), ...asCommonJs],
      options,
    );
  });

  const run = async (env: Record<string, string> = {}): Promise<Outcome> => {
    const all = { ...process.env, ...env, REDIS_URL: process.env.TEST_REDIS_URL ?? '', PORT: String(await freePort()) };
    const { stdout } = await node(process.execPath, [bundle()], { env: all, timeout: PATIENCE_MS });
    return JSON.parse(stdout) as Outcome;
  };

  it('N8: tells its clients the code, and has one copy of the package, which a library of the other kind of modules asks for, too', async () => {
    const told = {
      'message, decorator': busy,
      'message, service': busy,
      'socket, decorator': busy,
      'socket, service': busy,
    };
    expect(await run()).toEqual({ isOneCopy: true, told });
  });

  it('N8: tells the code of what the decorator throws without the filter, too', async () => {
    const { told } = await run({ EXCEPTION_FILTER: 'false' });
    expect(told).toMatchObject({ 'message, decorator': busy, 'socket, decorator': busy });
  });
});

it('an app without microservices and WebSockets can be bundled', async () => {
  const external = ['@nestjs/common', '@nestjs/core', 'ioredis', 'rxjs'];
  const { errors } = await build({
    entryPoints: [installed.entryAlone],
    external,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    write: false,
  });
  expect(errors).toEqual([]);
});
