// What an editor offers: the documented names, and nothing else.
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const EXPECTED = {
  'service.': ['acquire', 'assertLocked', 'current', 'forceRelease', 'inspect', 'tryAcquire', 'withLock'],
  'lock.': ['expiresAt', 'extend', 'fencingToken', 'isHeld', 'key', 'keys', 'release', 'signal'],
  'RedisLockModule.forRoot({ ': [
    'commandTimeout',
    'connection',
    'defaults',
    'exceptionFilter',
    'isGlobal',
    'keyPrefix',
    'maxWaiters',
    'name',
    'quantum',
    'shutdownGrace',
  ],
  'control.': ['busy', 'fail', 'free', 'lose', 'recover'],
};

const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
const file = join(process.cwd(), 'src', 'completed.ts');
const source = `import { RedisLockModule, type Lock, type RedisLockService } from 'nestjs-redis-lock';
import type { LockTestControl } from 'nestjs-redis-lock/testing';
declare const service: RedisLockService;
declare const lock: Lock;
declare const control: LockTestControl;
${Object.keys(EXPECTED).join(';\n')}`;

const service = ts.createLanguageService({
  getScriptFileNames: () => [file],
  getScriptVersion: () => '1',
  getScriptSnapshot: (name) =>
    name === file
      ? ts.ScriptSnapshot.fromString(source)
      : ts.sys.fileExists(name)
        ? ts.ScriptSnapshot.fromString(readFileSync(name, 'utf8'))
        : undefined,
  getCurrentDirectory: () => process.cwd(),
  getCompilationSettings: () => options,
  getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
  fileExists: (name) => name === file || ts.sys.fileExists(name),
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
});

for (const [text, names] of Object.entries(EXPECTED)) {
  const offered =
    service.getCompletionsAtPosition(file, source.indexOf(`\n${text}`) + 1 + text.length, undefined)?.entries ?? [];
  assert.deepStrictEqual(
    offered
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('['))
      .sort(),
    names,
    text,
  );
}
