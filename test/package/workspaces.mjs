// Package managers that let a package find only what it asked for, each with a workspace to install. Their versions are exact, as those of the consumers.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './run.mjs';

const MANAGERS = { pnpm: '10.34.8', '@yarnpkg/cli-dist': '4.18.1' };
const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--package-lock=false', '--loglevel=error'];

/**
 * `program`: its script, below the folder of the tools. `install`: its arguments. `files`: its settings, line by line. `env`: which registry it asks, and
 * the folder where it keeps what it downloads. `find`: what makes Node find the packages of the workspace in `dir`.
 */
export const WORKSPACES = [
  {
    name: 'pnpm workspace',
    program: join('node_modules', 'pnpm', 'bin', 'pnpm.cjs'),
    install: ['install', '--no-frozen-lockfile', '--reporter=append-only'],
    files: {
      'pnpm-workspace.yaml': [
        'packages: [orders, shop]',
        'nodeLinker: isolated',
        // pnpm would let packages find, beside what they asked for, all that is installed.
        'hoist: false',
        'autoInstallPeers: false',
        'strictPeerDependencies: true',
        'updateNotifier: false',
      ],
    },
    env: (registry, store) => ({
      npm_config_registry: registry,
      npm_config_store_dir: join(store, 'packages'),
      npm_config_cache_dir: join(store, 'cache'),
      npm_config_state_dir: join(store, 'state'),
    }),
    find: () => [],
  },
  {
    name: 'Yarn workspace with PnP',
    program: join('node_modules', '@yarnpkg', 'cli-dist', 'bin', 'yarn.js'),
    install: ['install'],
    files: {
      '.yarnrc.yml': [
        'nodeLinker: pnp',
        'pnpMode: strict',
        // Yarn would let packages find, beside what they asked for, what the top of the workspace asks for.
        'pnpFallbackMode: none',
        'pnpEnableEsmLoader: true',
        'enableImmutableInstalls: false',
        'enableTelemetry: false',
      ],
      // Tells that this is a project of its own, wherever its folder is.
      'yarn.lock': [],
    },
    env: (registry, store) => ({
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname,
      YARN_GLOBAL_FOLDER: store,
      YARN_IGNORE_PATH: '1',
    }),
    find: (dir) => [
      '--no-warnings',
      '--require',
      join(dir, '.pnp.cjs'),
      '--experimental-loader',
      join(dir, '.pnp.loader.mjs'),
    ],
  },
];

/** Installs the package managers into a new folder. Returns it, and the registry that npm asks on this machine: theirs is another setting. */
export async function installManagers(dir) {
  await mkdir(dir);
  await writeFile(join(dir, 'package.json'), JSON.stringify({ private: true, dependencies: MANAGERS }));
  await mustRun('npm', INSTALL, { cwd: dir });
  const { stdout } = await mustRun('npm', ['config', 'get', 'registry'], { cwd: dir });
  return { dir, registry: stdout.trim() };
}
