import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const POLICY = '/usr/sbin/policy-rc.d';

/** Whether this process may install packages of Debian or Ubuntu. */
export function canInstallDebianPackages(): boolean {
  return (
    process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(osRelease())
  );
}

/** Installs a package and says so. No service that it brings is started. */
export function installDebianPackage(name: string): void {
  process.stdout.write(`Installing the package ${name} with apt-get, because it is needed here and was not found.\n`);
  withoutStartingServices(() => {
    try {
      aptGet('install', name);
    } catch {
      aptGet('update');
      aptGet('install', name);
    }
  });
}

function aptGet(command: string, ...names: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['-qq', '-y', '--no-install-recommends', command, ...names], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Exit code 101 of a policy-rc.d forbids a package's scripts to start its service. */
function withoutStartingServices(install: () => void): void {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

function osRelease(): string {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
}
