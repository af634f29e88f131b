import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import jest from '../../jest.config.js';

const [[, [, options]]] = Object.entries(jest.transform);
const LIBRARY = {
  'nestjs-redis-lock': '../../lib/index.ts',
  'nestjs-redis-lock/testing': '../../lib/testing/index.ts',
};

/** As jest.config.js does it: the library by its name, and './x.js' for './x.ts'. */
export async function resolve(specifier, context, next) {
  if (Object.hasOwn(LIBRARY, specifier)) return next(new URL(LIBRARY[specifier], import.meta.url).href, context);
  const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith('.ts');
  return next(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), {
    ...options,
    filename,
    module: { type: 'es6' },
    swcrc: false,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
