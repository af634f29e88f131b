import { readdirSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { RedisLockModule, RedisLockService } from '../../lib/index.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** What other versions of the package, other programs and operators meet on the server. */
export interface SurfaceInRedis {
  /** Of a lock that is held while another process waits: type and value by key. */
  readonly keys: Record<string, string>;
  /** Names of channels. */
  readonly channels: readonly string[];
  /** SHA-1 of each script by its name. */
  readonly scripts: Record<string, string>;
}

const SCRIPTS = new URL('../../lib/stores/scripts/', import.meta.url);

/** Two services compete for two locks on a server of its own, and it is looked at what lies there then. */
export async function readSurfaceInRedis(): Promise<SurfaceInRedis> {
  const server = await startRedis();
  const apps = await Promise.all([openApp(server), openApp(server)]);
  try {
    const [holder, waiter] = apps.map((app) => app.get(RedisLockService)) as [RedisLockService, RedisLockService];
    const stop = new AbortController();
    const waits: Promise<unknown>[] = [];
    for (const key of ['plain', 'braces:{tag}']) {
      await holder.acquire(key, { metadata: 'metadata' });
      waits.push(waiter.acquire(key, { wait: Infinity, signal: stop.signal }).catch(() => undefined));
      await eventually(async () => (await holder.inspect(key))?.waitingProcesses === 1);
    }
    const keys = await eventually(() => readKeysOfQueue(server));
    const channels = (await server.command('PUBSUB', 'CHANNELS')) as string[];
    const seen = { keys, channels: [...new Set(channels.map(maskChance))].sort() };
    stop.abort();
    await Promise.all(waits);
    return { ...seen, scripts: await readScripts() };
  } finally {
    await Promise.all(apps.map((app) => app.close()));
    await server.stop('SIGKILL');
  }
}

function openApp({ url }: RedisServer) {
  const lock = RedisLockModule.forRoot({ connection: url, shutdownGrace: 0 });
  return NestFactory.createApplicationContext({ module: class RootModule {}, imports: [lock] }, { logger: false });
}

/** @throws as long as a process is in a queue as one that polls, because its inbox is not open yet. */
async function readKeysOfQueue(server: RedisServer): Promise<Record<string, string>> {
  const keys = await readKeys(server);
  if (Object.values(keys).some((value) => value.startsWith('zset: poll '))) throw new Error('A process still polls.');
  return keys;
}

async function readKeys(server: RedisServer): Promise<Record<string, string>> {
  const names = ((await server.command('KEYS', '*')) as string[]).sort();
  const values = names.map(async (name) => {
    const type = String(await server.command('TYPE', name));
    const [read, ...range] = type === 'zset' ? (['ZRANGE', name, 0, -1] as const) : (['GET', name] as const);
    return `${type}: ${maskChance(String(await server.command(read, ...range)))}`;
  });
  return Object.fromEntries((await Promise.all(values)).map((value, index) => [names[index], value]));
}

/** What differs from run to run. */
function maskChance(text: string): string {
  return text
    .replace(/^[\w.-]+:\d+:[a-z0-9]+#[a-z0-9]+/u, 'host:pid:instance#counter')
    .replace(/(inbox:(?:.*:)?)[\w-]{12}$/u, '$1<12 characters>')
    .replace(/^\d{16}$/u, '<microseconds of the epoch>');
}

async function readScripts(): Promise<Record<string, string>> {
  const files = readdirSync(SCRIPTS).filter((file) => file.endsWith('.script.ts'));
  const modules = await Promise.all(files.map((file) => import(new URL(file, SCRIPTS).href) as Promise<object>));
  const scripts = modules.flatMap((module) => Object.values(module)).filter(isScript);
  return Object.fromEntries(scripts.map(({ name, sha }) => [name, sha] as const).sort());
}

function isScript(value: unknown): value is { readonly name: string; readonly sha: string } {
  return typeof (value as { readonly sha?: unknown } | null | undefined)?.sha === 'string';
}
