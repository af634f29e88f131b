// Each consumer is an app of its own, installed from the tarball. Together they cover both module systems, each supported major of Nest and
// of ioredis, the least versions of the peers, and each moduleResolution of TypeScript. Every version is exact: a run must not change by itself.

const NODENEXT = { module: 'NodeNext', moduleResolution: 'NodeNext' };
const NODE10 = { module: 'CommonJS', moduleResolution: 'Node10' };
const NODE16 = { module: 'Node16', moduleResolution: 'Node16' };

const nest = (version, testing = version) => ({
  '@nestjs/common': version,
  '@nestjs/core': version,
  '@nestjs/platform-express': version,
  '@nestjs/testing': testing,
});

const TYPESCRIPT_6 = { typescript: '6.0.3', '@types/node': '20.19.43' };
const TYPESCRIPT_5 = { typescript: '5.9.3', '@types/node': '20.19.43' };

/** The first with the types that templates and key functions need. It does not know all that newer declarations say, so apps of its age skip them. */
const OLDEST_TYPESCRIPT = { 'oldest-typescript': 'npm:typescript@5.0.4' };

/**
 * `compile`: how the app is built. `alsoTypechecks`: further settings under which it must type-check. `withCommonJsCopy`: the app also runs on
 * dist/cjs, which bundlers, jest and older versions of Node load; Nest 12 cannot, it is ESM itself. `completions`: what its editor offers is looked at.
 * `oldestCompiles`: the settings under which oldest.ts type-checks with the oldest TypeScript. `nestDoesNotTypeCheck`: skipLibCheck stays off, and errors
 * in Nest's own declarations are left out.
 */
export const CONSUMERS = [
  {
    name: 'nest 12, esm',
    type: 'module',
    dependencies: { ...nest('12.5.1', '12.1.1'), ioredis: '6.0.0', 'reflect-metadata': '0.2.2', rxjs: '7.8.2' },
    devDependencies: TYPESCRIPT_6,
    compile: NODENEXT,
    alsoTypechecks: [{ module: 'ESNext', moduleResolution: 'Bundler' }],
    completions: true,
  },
  {
    name: 'nest 12, cjs',
    type: 'commonjs',
    dependencies: { ...nest('12.5.1', '12.1.1'), ioredis: '6.0.0', 'reflect-metadata': '0.2.2', rxjs: '7.8.2' },
    devDependencies: TYPESCRIPT_6,
    compile: NODENEXT,
    alsoTypechecks: [],
  },
  {
    name: 'nest 11, cjs',
    type: 'commonjs',
    dependencies: { ...nest('11.2.10', '11.2.6'), ioredis: '5.11.1', 'reflect-metadata': '0.2.2', rxjs: '7.8.2' },
    devDependencies: { ...TYPESCRIPT_5, ...OLDEST_TYPESCRIPT },
    compile: NODE10,
    alsoTypechecks: [NODE16, { module: 'Preserve', moduleResolution: 'Bundler' }],
    oldestCompiles: [NODE16],
    withCommonJsCopy: true,
  },
  {
    name: 'nest 10, cjs',
    type: 'commonjs',
    dependencies: { ...nest('10.0.0'), ioredis: '5.10.1', 'reflect-metadata': '0.1.13', rxjs: '7.1.0' },
    devDependencies: { ...TYPESCRIPT_5, ...OLDEST_TYPESCRIPT },
    compile: NODE10,
    // Not Node16: the package.json of rxjs 7.1.0 tells it of no types.
    alsoTypechecks: [],
    oldestCompiles: [NODE10],
    withCommonJsCopy: true,
    // FileTypeValidator and MaxFileSizeValidator of 10.0.0 do not match their own base class (TS2416).
    nestDoesNotTypeCheck: true,
  },
];
