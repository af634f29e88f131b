import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { mustRun, run } from './run.mjs';
import { checksOf } from './served.mjs';

const SOURCES = join(import.meta.dirname, 'workspace');

const COMPILER_OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  useDefineForClassFields: false,
};

/** What the library of the workspace asks its app for. */
const PEERS = {
  '@nestjs/common': '12.5.1',
  '@nestjs/microservices': '12.1.1',
  '@nestjs/websockets': '12.1.1',
  'nestjs-redis-lock': '*',
};

/** What both packages install: the library for its own development. */
const INSTALLED = { ...PEERS, '@nestjs/core': '12.5.1', ioredis: '6.0.0', 'reflect-metadata': '0.2.2', rxjs: '7.8.2' };

/** An app and a library of its own, both users of the packed library, in one workspace outside of the repository. */
export class WorkspaceApp {
  constructor(workspace, { dir, tarball, tools }) {
    this.workspace = workspace;
    this.dir = dir;
    this.tarball = tarball;
    this.tools = tools;
  }

  async install() {
    const { program, install, files, env } = this.workspace;
    const installed = { ...INSTALLED, 'nestjs-redis-lock': `file:${this.tarball}` };
    const ofShop = {
      '@nestjs/platform-express': '12.5.1',
      '@nestjs/platform-ws': '12.1.1',
      ws: '8.23.0',
      orders: 'workspace:*',
    };
    await this.#describe('.', { workspaces: ['orders', 'shop'] });
    await this.#describe('orders', { exports: './index.js', peerDependencies: PEERS, devDependencies: installed });
    await this.#describe('shop', { dependencies: { ...installed, ...ofShop } });
    for (const name of ['orders', 'shop']) await this.#compile(name);
    for (const [file, lines] of Object.entries(files))
      await writeFile(join(this.dir, file), lines.map((line) => `${line}\n`).join(''));
    await mustRun(process.execPath, [join(this.tools.dir, program), ...install], {
      cwd: this.dir,
      env: env(this.tools.registry, join(this.dir, 'store')),
    });
  }

  /** Serves with the server at `url`, else with locks in memory; yields what the app said of each check. */
  async serve(url = '') {
    return checksOf(
      await run(process.execPath, [...this.workspace.find(this.dir), join('shop', 'main.js'), url], { cwd: this.dir }),
    );
  }

  async #describe(name, manifest) {
    await mkdir(join(this.dir, name), { recursive: true });
    await writeFile(
      join(this.dir, name, 'package.json'),
      JSON.stringify({
        name: name === '.' ? 'workspace' : name,
        version: '0.0.0',
        private: true,
        type: 'module',
        ...manifest,
      }),
    );
  }

  /** Without a look at types, which the consumers are for. */
  async #compile(name) {
    for (const file of await readdir(join(SOURCES, name))) {
      const source = await readFile(join(SOURCES, name, file), 'utf8');
      const { outputText } = ts.transpileModule(source, { compilerOptions: COMPILER_OPTIONS });
      await writeFile(join(this.dir, name, file.replace(/\.ts$/u, '.js')), outputText);
    }
  }
}
