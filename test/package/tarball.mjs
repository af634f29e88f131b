import assert from 'node:assert';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './run.mjs';

const ALLOWED =
  /^(?:dist\/(?:esm|cjs)\/.+\.(?:js|js\.map|d\.ts)|dist\/cjs\/package\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
const REQUIRED = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist/cjs/package.json',
  ...['esm', 'cjs'].flatMap((form) =>
    ['index', 'testing/index'].flatMap((entry) => [`dist/${form}/${entry}.js`, `dist/${form}/${entry}.d.ts`]),
  ),
];

/** Packs what `npm publish` would send from a clean clone, where `prepack` builds. Returns the tarball's path and the paths in it. */
export async function pack(root, into) {
  await rm(join(root, 'dist'), { recursive: true, force: true });
  const { stdout } = await mustRun(
    'npm',
    ['pack', '--json', '--foreground-scripts=false', '--pack-destination', into],
    {
      cwd: root,
    },
  );
  // npm 12 writes an object of packages by name, older ones an array.
  const [{ filename, files }] = Object.values(JSON.parse(stdout));
  return { path: join(into, filename), files: files.map((file) => file.path) };
}

export function assertContents(files) {
  assert.deepStrictEqual(
    files.filter((file) => !ALLOWED.test(file)),
    [],
    'files that do not belong into the package',
  );
  assert.deepStrictEqual(
    REQUIRED.filter((file) => !files.includes(file)),
    [],
    'files that are missing in the package',
  );
}

/** lib/ is not in the package, so a map has to bring its sources along: bundlers complain of each that leads nowhere. */
export async function assertSourceMaps(root, files) {
  const empty = [];
  for (const file of files.filter((path) => path.endsWith('.map'))) {
    const { sources, sourcesContent } = JSON.parse(await readFile(join(root, file), 'utf8'));
    if (sourcesContent?.length !== sources.length) empty.push(file);
  }
  assert.strictEqual(
    empty.length,
    0,
    `${empty.length} source maps without sourcesContent (inlineSources), as ${empty[0]}`,
  );
}
