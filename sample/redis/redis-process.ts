import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedisServer } from './find-redis-server.js';
import { freePort } from './free-port.js';
import { guard } from './guardian.js';
import { spawnServer } from './spawn-server.js';
import { untilAnsweredBy } from './until-answered-by.js';

const STOP_MS = 3_000;
const ATTEMPTS = 5;

export interface RedisProcessOptions {
  /** Default: `redis-server` or `valkey-server`, wherever it is. */
  readonly binary?: string | undefined;
  /** Further arguments of the server, as on its command line. */
  readonly args?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
}

/** A private Redis server on loopback, without persistence. It ends with this process at the latest, however this process ends. */
export interface RedisProcess {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Its working folder, removed when it ends. */
  readonly folder: string;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends the server; `SIGKILL` follows when it does not obey within three seconds. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a server and waits until it answers. */
export async function startRedisProcess({
  binary = findRedisServer(),
  args = [],
  port,
}: RedisProcessOptions = {}): Promise<RedisProcess> {
  if (binary === undefined)
    throw new Error('No redis-server or valkey-server was found on PATH or at REDIS_SERVER_BIN.');
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(binary, port ?? (await freePort()), args);
    } catch (error) {
      // Somebody else may take a free port before the server does.
      if (port !== undefined || attempt === ATTEMPTS || !String(error).includes('already in use')) throw error;
    }
  }
}

async function launch(binary: string, port: number, args: readonly string[]): Promise<RedisProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const { child, pid, failed } = await spawnServer(binary, [...settings, ...args], join(folder, 'log')).catch(
    async (error: unknown) => {
      await removeFolder();
      throw error;
    },
  );
  const guardian = guard(pid, folder);
  const exited = failed.catch(() => guardian.kill('SIGKILL')).then(removeFolder);

  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    child.kill('SIGCONT'); // A paused process takes no SIGTERM.
    const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited.finally(() => clearTimeout(patience));
  };
  try {
    await untilAnsweredBy(pid, port, failed);
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
  return { port, url: `redis://127.0.0.1:${port}`, pid, folder, exited, stop };
}
