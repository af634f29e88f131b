import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PATIENCE_MS } from '../support/patience.mjs';
import { installPackage, type InstalledPackage } from './package.js';

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
  await cp(join(import.meta.dirname, 'copies', 'main.mjs'), join(installed.dir, 'main.mjs'));
});

afterAll(() => installed.remove());

async function told(decorating: string, kind: string): Promise<string> {
  const env = { ...process.env, REDIS_URL: process.env.TEST_REDIS_URL ?? '' };
  const { stdout } = await promisify(execFile)(process.execPath, [join(installed.dir, 'main.mjs'), decorating, kind], {
    env,
    timeout: PATIENCE_MS,
  });
  return stdout.trim();
}

const COPIES = /2 copies of nestjs-redis-lock are loaded \(.*dist\/(esm|cjs)\/.*, .*dist\/(?!\1)(esm|cjs)\/.*\)/u;

describe.each(['esm', 'cjs'])(
  'a class that is decorated by the copy of the package as %s, in a process that has the other, too',
  (decorating) => {
    it('N3b: stops the app whose module is of the other copy, and says so', async () => {
      const text = await told(decorating, 'made');
      expect(text).toMatch(/"RedisLockModule" is of another copy than the class that needs its service/u);
      expect(text).toMatch(COPIES);
    });

    it('N3a: is told so at the call when Nest did not make it', async () => {
      const text = await told(decorating, 'elsewhere');
      expect(text).toMatch(/OrderController\.order/u);
      expect(text).toMatch(COPIES);
    });

    it('N3b: is locked when the app has the modules of both', async () => {
      expect(await told(decorating, 'both')).toBe('locked');
    });
  },
);
