import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './eventually.js';
import { PATIENCE_MS, TEST_LIMIT_MS } from './patience.mjs';

/** A TypeScript program of the tests in a process of its own. */
export interface RunningProgram {
  /** What it printed so far, errors too. */
  output(): string;
  /** Resolves with the first match in what it prints; rejects when it ends without one. */
  printed(wanted: RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

const HOOKS = new URL('./ts-hooks.mjs', import.meta.url).href;
const LOADER = `data:text/javascript,import { register } from 'node:module'; register('${HOOKS}');`;

/** Runs `path`, which is relative to the folder `test`. It is killed when the test that waits for its end has lost its patience. */
export function runProgram(path: string, env: Record<string, string> = {}): RunningProgram {
  const file = new URL(`../${path}`, import.meta.url).pathname;
  const child = spawn(process.execPath, ['--no-warnings', '--import', LOADER, file], {
    env: { ...process.env, ...env },
    timeout: TEST_LIMIT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    output: () => text,
    printed: async (wanted) => {
      await eventually(() => wanted.test(text) || hasEnded(), PATIENCE_MS);
      const found = wanted.exec(text)?.[0];
      if (found === undefined) throw new Error(`${path} ended without ${wanted}:\n${text}`);
      return found;
    },
    kill: (signal) => void child.kill(signal),
    exited: once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    })),
  };
}
