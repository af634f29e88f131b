import { startRedisProcess, type RedisProcess, type RedisProcessOptions } from '../../sample/redis/redis-process.js';
import { sendCommand } from './send-command.js';

/** A real Redis server of its own for one test or one suite. */
export interface RedisServer extends RedisProcess {
  /** Halts the process where it stands: its connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Sends one command over a connection of its own. */
  command(...args: [string, ...(string | number)[]]): Promise<unknown>;
}

/** Starts a server on a free port of loopback and waits until it answers. */
export async function startRedis(options: RedisProcessOptions = {}): Promise<RedisServer> {
  const server = await startRedisProcess(options);
  return {
    ...server,
    pause: () => void process.kill(server.pid, 'SIGSTOP'),
    resume: () => void process.kill(server.pid, 'SIGCONT'),
    command: (...args) => sendCommand(server.url, ...args),
  };
}
