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
  const found = program.find();
  if (found !== undefined) return found;
  const isOurChoice = !process.env[program.variable];
  const cause =
    isOurChoice && canInstallDebianPackages()
      ? failureOf(() => installDebianPackage(program.debianPackage))
      : undefined;
  const path = program.find();
  if (path === undefined) throw new Error(instructions(program), { cause });
  return path;
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
