import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, run } from './run.mjs';
import { checksOf } from './served.mjs';

const SOURCES = join(import.meta.dirname, 'consumer');
const INSTALL = [
  'install',
  '--strict-peer-deps',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--package-lock=false',
  '--loglevel=error',
];

const COMPILER_OPTIONS = {
  target: 'ES2022',
  lib: ['ES2022'],
  types: ['node'],
  strict: true,
  // Every type of what the app exports must have a name that it can import.
  declaration: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  useDefineForClassFields: false,
  esModuleInterop: true,
  skipLibCheck: false,
  rootDir: 'src',
  outDir: 'dist',
};

/** One app that uses the packed library, in a folder of its own outside of the repository. */
export class ConsumerApp {
  constructor(consumer, dir) {
    this.consumer = consumer;
    this.dir = dir;
  }

  async install(tarball) {
    const { type, dependencies, devDependencies } = this.consumer;
    await mkdir(join(this.dir, 'src'), { recursive: true });
    for (const file of await readdir(SOURCES)) {
      await copyFile(join(SOURCES, file), file.endsWith('.ts') ? join(this.dir, 'src', file) : join(this.dir, file));
    }
    const manifest = {
      name: 'consumer',
      private: true,
      type,
      dependencies: { ...dependencies, 'nestjs-redis-lock': `file:${tarball}` },
      devDependencies,
    };
    await writeFile(join(this.dir, 'package.json'), JSON.stringify(manifest));
    await mustRun('npm', INSTALL, { cwd: this.dir });
  }

  /** Type-checks the app, its declaration files included, and writes dist/ with `emit`. */
  async compile(options, { emit, compiler = 'typescript', include = ['src'] }) {
    const settings = { compilerOptions: { ...COMPILER_OPTIONS, ...options, noEmit: !emit }, include };
    await writeFile(join(this.dir, 'tsconfig.json'), JSON.stringify(settings));
    const tsc = join(this.dir, 'node_modules', compiler, 'bin', 'tsc');
    const result = await run(process.execPath, [tsc, '--pretty', 'false'], { cwd: this.dir });
    if (result.code === 0) return;
    const errors = result.text.split(/\n(?! )/u);
    const ours = this.consumer.nestDoesNotTypeCheck
      ? errors.filter((error) => !error.startsWith('node_modules/@nestjs/'))
      : errors;
    if (ours.length > 0) throw new Error(ours.join('\n'));
  }

  /** Serves on one backend; yields what the app said of each check. */
  async serve(flags, backend) {
    return checksOf(await run(process.execPath, [...flags, join('dist', 'main.js'), ...backend], { cwd: this.dir }));
  }

  async script(flags, file) {
    await mustRun(process.execPath, [...flags, file], { cwd: this.dir });
  }

  /** Puts a package in the place of another that throws as soon as it is loaded, while `body` runs. */
  async withTrap(name, body) {
    const [here, away] = [join(this.dir, 'node_modules', name), join(this.dir, `real-${name}`)];
    await rename(here, away);
    try {
      await mkdir(here);
      await writeFile(
        join(here, 'index.js'),
        `throw Object.assign(new Error('${name} was loaded'), { code: 'TRAP' });`,
      );
      await body();
    } finally {
      await rm(here, { recursive: true, force: true });
      await rename(away, here);
    }
  }
}
