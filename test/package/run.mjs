import { spawn } from 'node:child_process';
import { TEST_LIMIT_MS } from '../support/patience.mjs';

/** Runs a program to its end; kills one that hangs. Never throws for an exit code. */
export function run(command, args, { cwd, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const out = { stdout: '', stderr: '', timedOut: false };
    child.stdout.setEncoding('utf8').on('data', (text) => (out.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (out.stderr += text));
    const timer = setTimeout(() => {
      out.timedOut = true;
      child.kill('SIGKILL');
    }, TEST_LIMIT_MS);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ ...out, code, text: `${out.stdout}${out.stderr}`.trim() });
    });
  });
}

/** Runs a program that has to succeed. */
export async function mustRun(command, args, options) {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  const why = result.timedOut ? 'did not end in time' : `ended with ${result.code}`;
  throw new Error(`${command} ${args.join(' ')} ${why}\n${result.text}`);
}
