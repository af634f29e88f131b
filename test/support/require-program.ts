import { canInstallDebianPackages, installDebianPackage } from './debian-package.js';

export interface Program {
  /** What it is, for the message. */
  readonly what: string;
  find(): string | undefined;
  readonly debianPackage: string;
  /** The variable that names its path. */
  readonly variable: string;
  /** The command that installs it, by system. */
  readonly install: Readonly<Record<string, string>>;
}

/** The program's path: found, or installed where that can be done without asking. Tests are never skipped for want of it. */
export function requireProgram(program: Program): string {
  const cause = installIfMissing(program);
  const path = program.find();
  if (path === undefined) throw new Error(instructions(program), { cause });
  return path;
}

/** Returns why it could not be installed, if that was tried. */
export function installIfMissing(program: Program): unknown {
  const isOurChoice = !process.env[program.variable];
  const canInstall = program.find() === undefined && isOurChoice && canInstallDebianPackages();
  return canInstall ? failureOf(() => installDebianPackage(program.debianPackage)) : undefined;
}

function failureOf(install: () => void): unknown {
  try {
    return install();
  } catch (error) {
    return error;
  }
}

function instructions({ what, variable, install }: Program): string {
  const lines = Object.entries(install).map(([system, command]) => `  ${`${system}:`.padEnd(16)} ${command}`);
  return [`These tests need ${what}, and none was found. Install it, or name its path in ${variable}:`, ...lines].join(
    '\n',
  );
}
