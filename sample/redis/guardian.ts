import { spawn, type ChildProcess } from 'node:child_process';

// Reading ends when the pipe closes, and the kernel closes it however this process ends.
const SCRIPT = 'read -r _; kill -9 "$0" 2>/dev/null; rm -rf "$1"';

/** Starts a shell that outlives this process just long enough to end the process `pid` and remove `folder`. Kill it to call it off. */
export function guard(pid: number, folder: string): ChildProcess {
  // A session of its own: a ctrl-c in the terminal must not reach it.
  const guardian = spawn('/bin/sh', ['-c', SCRIPT, String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guardian.on('error', () => undefined);
  guardian.unref();
  (guardian.stdin as unknown as { unref(): void }).unref();
  return guardian;
}
