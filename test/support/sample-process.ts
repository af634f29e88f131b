import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './eventually.js';
import { PATIENCE_MS } from './patience.mjs';

/** The sample as a user starts it, after its build. */
export interface SampleProcess {
  readonly url: string;
  readonly pid: number;
  /** Of the processes of the shop. */
  readonly shopPids: readonly number[];
  /** What it printed so far. */
  output(): string;
  /** Resolves with its exit code. */
  readonly exited: Promise<number | null>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Runs the built sample with these variables besides our own; one that is `undefined` is taken away. */
export async function startSample(variables: Record<string, string | undefined> = {}): Promise<SampleProcess> {
  const env = { ...process.env, REDIS_URL: undefined, PORT: '0', ...variables };
  const child = spawn(process.execPath, ['dist/sample/start.js'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const isSilent = (): boolean => child.exitCode === null && !text.includes('ctrl-c ends it.');
  await eventually(() => !isSilent(), PATIENCE_MS);
  const url = /http:\/\/localhost:\d+/.exec(text)?.[0];
  if (url === undefined) throw new Error(`The sample did not start:\n${text}`);
  return {
    url,
    pid: child.pid as number,
    shopPids: [...text.matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => Number(pid)),
    output: () => text,
    exited,
    stop(signal = 'SIGINT') {
      child.kill(signal);
      return exited;
    },
  };
}
