import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { freePort } from '../../sample/redis/free-port.js';
import { PATIENCE_MS } from '../support/patience.mjs';
import { installPackage, type InstalledPackage } from './package.js';

const ROOT = join(import.meta.dirname, '..', '..');

/** What Nest asks for in a try of its own, of packages that this app does not have. */
const ABSENT = [
  'class-transformer',
  'class-validator',
  'kafkajs',
  'mqtt',
  '@nats-io/*',
  'amqplib',
  'amqp-connection-manager',
  '@nestjs/platform-socket.io',
];

/** What Nest loads from where the bundle is. */
const LEFT_OUT = 'ws';

const COMMON: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'silent',
  // What is CommonJS in the bundle asks for modules of Node.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
};

interface Outcome {
  readonly told: Readonly<Record<string, unknown>>;
  readonly isOneCopy: boolean;
}

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
  // From within this repository its own name would be this repository, built or not.
  await cp(join(import.meta.dirname, 'app'), join(installed.dir, 'app'), { recursive: true });
  await symlink(join(ROOT, 'node_modules', LEFT_OUT), join(installed.dir, 'node_modules', LEFT_OUT));
});

afterAll(() => installed.remove());

const busy = { status: 'error', code: 'LOCK_NOT_ACQUIRED', message: expect.any(String) };

describe.each(['esm', 'cjs'])('an app that is bundled by esbuild with what the package has as %s', (format) => {
  const outfile = (): string => join(installed.dir, `${format}.mjs`);

  beforeAll(() =>
    build({
      ...COMMON,
      entryPoints: [join(installed.dir, 'app', 'main.ts')],
      outfile: outfile(),
      external: [LEFT_OUT, ...ABSENT],
      nodePaths: [join(installed.dir, 'node_modules'), join(ROOT, 'node_modules')],
      // By its exports a bundler takes the modules.
      ...(format === 'cjs' ? { alias: { 'nestjs-redis-lock': installed.entry('cjs') } } : {}),
    }),
  );

  const run = async (env: Record<string, string> = {}): Promise<Outcome> => {
    const all = { ...process.env, ...env, REDIS_URL: process.env.TEST_REDIS_URL ?? '', PORT: String(await freePort()) };
    const { stdout } = await promisify(execFile)(process.execPath, [outfile()], { env: all, timeout: PATIENCE_MS });
    return JSON.parse(stdout) as Outcome;
  };

  it('N8: tells its clients the code, and has one copy of the package', async () => {
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
  const { errors } = await build({ ...COMMON, entryPoints: [installed.entry('esm')], external, write: false });
  expect(errors).toEqual([]);
});
