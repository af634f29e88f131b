import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './eventually.js';
import { PATIENCE_MS } from './patience.mjs';

/** The sample as a user starts it. */
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

/** Its build, which has to be there; or all that a user types, which builds first. */
const COMMANDS = { 'dist/sample': [process.execPath, 'dist/sample/start.js'], 'npm start': ['npm', 'start'] } as const;

/** Runs the sample with these variables besides our own; one that is `undefined` is taken away. */
export async function startSample(
  variables: Record<string, string | undefined> = {},
  how: keyof typeof COMMANDS = 'dist/sample',
): Promise<SampleProcess> {
  const env = { ...process.env, REDIS_URL: undefined, PORT: '0', ...variables };
  const [program, ...args] = COMMANDS[how];
  // In a group of its own, which gets signals as from a terminal: all of it.
  const isGroup = how === 'npm start';
  const child = spawn(program, args, { env, detached: isGroup, stdio: ['ignore', 'pipe', 'pipe'] });
  const send = (signal: NodeJS.Signals): void => void (isGroup ? signalGroup(child, signal) : child.kill(signal));
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  if (isGroup) endWithThisProcess(child, exited);
  const isSilent = (): boolean => child.exitCode === null && !text.includes('ctrl-c ends it.');
  await eventually(() => !isSilent(), PATIENCE_MS).catch(() => send('SIGKILL'));
  const url = /http:\/\/localhost:\d+/.exec(text)?.[0];
  if (url === undefined) throw new Error(`The sample did not start:\n${text}`);
  return {
    url,
    pid: child.pid as number,
    shopPids: [...text.matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => Number(pid)),
    output: () => text,
    exited,
    stop(signal = 'SIGINT') {
      send(signal);
      return exited;
    },
  };
}

function endWithThisProcess(child: ChildProcess, exited: Promise<unknown>): void {
  const end = (): void => signalGroup(child, 'SIGKILL');
  process.once('exit', end);
  void exited.then(() => process.off('exit', end));
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
