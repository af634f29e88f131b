import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface SpawnedServer {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Rejects, with what the server wrote, when it has ended. */
  readonly failed: Promise<never>;
}

/** Starts a server program that writes its log to a file and does not keep this process alive. */
export async function spawnServer(binary: string, args: readonly string[], logFile: string): Promise<SpawnedServer> {
  const log = openSync(logFile, 'w');
  try {
    // A session of its own: on a ctrl-c in the terminal its clients still need it to leave their locks in order.
    const child = spawn(binary, args, { stdio: ['ignore', log, log], detached: true });
    const exit = once(child, 'exit');
    await Promise.race([once(child, 'spawn'), exit]); // once() rejects on 'error', as when the file cannot be executed
    child.unref();
    const failed = exit.then(async () => {
      throw new Error(`${binary} has ended: ${(await readFile(logFile, 'utf8')).trim()}`);
    });
    return { child, pid: child.pid as number, failed };
  } finally {
    closeSync(log);
  }
}
