import 'reflect-metadata';
import * as library from '../../lib/index.js';
import { resolveOptions } from '../../lib/options/module-options.js';
import { lockedMethodsOf } from '../../lib/with-lock/locked-method.js';
import { ExportReader } from './exports.js';
import { readSurfaceInRedis } from './in-redis.js';

/** Everything that a release may not change by accident, as text. */
export async function readSurface(): Promise<string> {
  const exports = new ExportReader(['index.ts', 'testing/index.ts']);
  const surface = {
    'nestjs-redis-lock': exports.read('index.ts'),
    'nestjs-redis-lock/testing': exports.read('testing/index.ts'),
    defaults: { module: resolveOptions({}), decorator: defaultsOfDecorator() },
    errors: codesOfErrors(),
    redis: await readSurfaceInRedis(),
  };
  // JSON knows neither.
  const print = (_: string, value: unknown): unknown =>
    value === undefined ? 'undefined' : value === Infinity ? 'Infinity' : value;
  return `${JSON.stringify(surface, print, 2)}\n`;
}

function defaultsOfDecorator(): unknown {
  class Locked {
    @library.WithLock('key')
    run(): Promise<void> {
      return Promise.resolve();
    }
  }
  return lockedMethodsOf(Locked.prototype.run)[0]?.policy;
}

function codesOfErrors(): Record<string, unknown> {
  const errors = Object.entries(library).filter(([name]) => name.endsWith('Error'));
  return Object.fromEntries(errors.map(([name, each]) => [name, (each as { readonly code?: unknown }).code]));
}
