import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../support/patience.mjs';

/** Starts an empty server on a free port, or returns `undefined` where none is installed. */
export async function startRedis(dir) {
  for (const program of ['redis-server', 'valkey-server']) {
    const port = await freePort();
    const args = [
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--dir',
      dir,
      '--save',
      '',
      '--appendonly',
      'no',
      '--loglevel',
      'warning',
    ];
    const child = spawn(program, args.map(String), { stdio: 'ignore' });
    const missing = await Promise.race([once(child, 'error').then(() => true), once(child, 'spawn').then(() => false)]);
    if (missing) continue;
    await answers(port);
    return { url: `redis://127.0.0.1:${port}`, stop: () => stop(child) };
  }
  return undefined;
}

async function stop(child) {
  const exited = once(child, 'exit');
  if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await exited;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function answers(port) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(20);
    } finally {
      socket.destroy();
    }
  }
}
