import { findRedisServer } from './find-redis-server.js';
import { INSTALL_REDIS } from './install-redis.js';
import { ping } from './ping.js';
import { startRedisProcess } from './redis-process.js';

/** What the sample runs on. */
export interface Backend {
  /** `undefined`: no Redis, everything in memory. */
  readonly redisUrl: string | undefined;
  /** One sentence for the terminal. */
  readonly description: string;
  /** Resolves when it ends by itself. */
  readonly exited: Promise<unknown>;
  close(): Promise<void>;
}

const NEVER = new Promise<never>(() => undefined);

/** `REDIS_URL` if that is set, else a private server if one is installed, else memory. */
export async function openBackend(env: NodeJS.ProcessEnv = process.env): Promise<Backend> {
  if (env.REDIS_URL) return useGiven(env.REDIS_URL);
  const binary = findRedisServer(env);
  return binary === undefined ? useMemory() : startPrivate(binary);
}

async function useGiven(redisUrl: string): Promise<Backend> {
  await ping(redisUrl);
  const description = `Using Redis at ${new URL(redisUrl).host}, which REDIS_URL names.`;
  return { redisUrl, description, exited: NEVER, close: () => Promise.resolve() };
}

async function startPrivate(binary: string): Promise<Backend> {
  const server = await startRedisProcess({ binary });
  const description = `Started a private Redis on port ${server.port} (${binary}).`;
  return { redisUrl: server.url, description, exited: server.exited, close: () => server.stop() };
}

function useMemory(): Backend {
  const lines = Object.entries(INSTALL_REDIS).map(([system, command]) => `    ${`${system}:`.padEnd(16)} ${command}`);
  const description = [
    'NOTICE: no redis-server or valkey-server was found, so the locks are in memory and the shop runs as ONE process.',
    'The lock still works, but only Redis carries it across processes. Install one and start again, or set REDIS_URL:',
    ...lines,
  ].join('\n');
  return { redisUrl: undefined, description, exited: NEVER, close: () => Promise.resolve() };
}
